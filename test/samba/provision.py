# provision.py FOLDER REALM PASSWORD: a new domain in FOLDER, with the attributes of the schema that the tests need. Runs on
# any file system and as any user, since no access lists of files are set.

import base64
import logging
import os
import re
import sys
import uuid

import samba
import samba.param
from samba.auth import system_session
from samba.provision import FILL_FULL, provision
from samba.samdb import SamDB

folder, realm, password = sys.argv[1:4]
# The level of 2016, and the schema of 2019 with Entra's anchor, came with 4.19.
recent = tuple(int(part) for part in re.findall(r"\d+", samba.version)[:2]) >= (4, 19)
configuration = f"{folder}/etc/smb.conf"
os.makedirs(f"{folder}/etc", exist_ok=True)

logger = logging.getLogger("provision")
logger.setLevel(logging.ERROR)
parameters = samba.param.LoadParm()
parameters.set("debug level", "0")
if recent:
    parameters.set("ad dc functional level", "2016")

provision(
    logger,
    system_session(),
    smbconf=configuration,
    targetdir=folder,
    samdb_fill=FILL_FULL,
    realm=realm,
    domain=realm.split(".")[0],
    hostname="dc1",
    hostip="127.0.0.1",
    adminpass=password,
    dns_backend="NONE",
    serverrole="active directory domain controller",
    dom_for_fun_level=7 if recent else 4,
    base_schema="2019" if recent else None,
    lp=parameters,
    use_ntvfs=False,
    skip_sysvolacl=True,
    batch_mode=True,
)

# What Exchange's setup adds, and the anchor where the schema is too old for it.
strings = [("extensionAttribute%d" % n, "1.2.840.113556.1.2.%d" % (422 + n)) for n in range(1, 11)]
strings += [("extensionAttribute%d" % n, "1.2.840.113556.1.2.%d" % (588 + n)) for n in range(11, 16)]
anchor = "msDS-ExternalDirectoryObjectId"
strings.append((anchor, "1.2.840.113556.1.4.2310"))
# Access lists name an attribute by this; the others may have any.
guids = {anchor: "bd29bf90-66ad-40e1-887b-10df070419a6", "extensionAttribute1": "bf967924-0de6-11d0-a285-00aa003049e2"}
identifiers = {name: base64.b64encode(uuid.UUID(guid).bytes_le).decode() for name, guid in guids.items()}

opened = samba.param.LoadParm(configuration)
opened.set("dsdb:schema update allowed", "yes")


def open_database():
    return SamDB(url=f"{folder}/private/sam.ldb", session_info=system_session(), lp=opened)


database = open_database()
schema = str(database.get_schema_basedn())
known = {str(entry["lDAPDisplayName"]) for entry in database.search(schema, expression="(objectClass=attributeSchema)", attrs=["lDAPDisplayName"])}
missing = [(name, oid) for name, oid in strings if name not in known]
for name, oid in missing:
    cn = re.sub(r"^ext", "Ext", name)
    database.add_ldif(
        f"dn: CN={cn},{schema}\nobjectClass: attributeSchema\nlDAPDisplayName: {name}\nattributeID: {oid}\n"
        "attributeSyntax: 2.5.5.12\noMSyntax: 64\nisSingleValued: TRUE\nsearchFlags: 1\n"
        "isMemberOfPartialAttributeSet: TRUE\n" + (f"schemaIDGUID:: {identifiers[name]}\n" if name in identifiers else "")
    )
database = open_database()
contained = "".join(f"mayContain: {name}\n" for name, _ in missing)
database.add_ldif(
    f"dn: CN=Guestlist-Test-Attributes,{schema}\nobjectClass: classSchema\n"
    "lDAPDisplayName: guestlistTestAttributes\ngovernsID: 1.3.6.1.4.1.999999.1.1\nsubClassOf: top\n"
    f"objectClassCategory: 3\n{contained}"
)
database = open_database()
database.modify_ldif(
    f"dn: CN=User,{schema}\nchangetype: modify\nadd: auxiliaryClass\nauxiliaryClass: guestlistTestAttributes\n"
)
