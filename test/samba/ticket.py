# ticket.py CACHE SERVICE PASSWORD SALT: opens the service ticket of a credential cache with the service's own key, as the
# service would, and prints whom it stands for and the groups that its privilege attribute certificate carries, as JSON.

import hashlib
import hmac
import json
import sys

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from samba.dcerpc import krb5ccache, krb5pac
from samba.ndr import ndr_unpack

AES256 = 18
TICKET_USAGE = 2
IF_RELEVANT = 1
PAC = 128


def fold(text, size):
    """n-fold of RFC 3961, 5.1: copies, each rotated 13 bits further, added with end-around carry."""
    bits = len(text) * 8
    number = int.from_bytes(text, "big")
    copies = b""
    while not copies or len(copies) % size:
        turn = 13 * (len(copies) // len(text)) % bits
        copies += ((number >> turn | number << (bits - turn)) & ((1 << bits) - 1)).to_bytes(len(text), "big")
    total = sum(int.from_bytes(copies[at : at + size], "big") for at in range(0, len(copies), size))
    most = (1 << size * 8) - 1
    while total > most:
        total = (total & most) + (total >> size * 8)
    return total.to_bytes(size, "big")


def derive(key, constant):
    block, derived = fold(constant, 16), b""
    while len(derived) < len(key):
        encryptor = Cipher(AES(key), ECB()).encryptor()
        block = encryptor.update(block)
        derived += block
    return derived[: len(key)]


def string_to_key(password, salt):
    return derive(hashlib.pbkdf2_hmac("sha1", password.encode(), salt.encode(), 4096, 32), b"kerberos")


def decrypt(key, usage, data):
    """aes256-cts-hmac-sha1-96, RFC 3962: the last two blocks are swapped, the first is noise, a checksum follows."""
    cipher, checksum = data[:-12], data[-12:]
    encryption, integrity = (derive(key, usage.to_bytes(4, "big") + last) for last in (b"\xaa", b"\x55"))
    short = len(cipher) % 16 or 16
    rest, before, last = cipher[: -16 - short], cipher[-16 - short : -short], cipher[-short:]
    mixed = Cipher(AES(encryption), ECB()).decryptor().update(before)
    whole = rest + last + mixed[short:] + before
    decryptor = Cipher(AES(encryption), CBC(bytes(16))).decryptor()
    plain = decryptor.update(whole)[: len(cipher)]
    if not hmac.compare_digest(hmac.digest(integrity, plain, "sha1")[:12], checksum):
        raise ValueError("the ticket does not open with this key")
    return plain[16:]


def parts(data):
    """The parts of a DER sequence, by context tag or in order; data is the inside of the sequence."""
    found = []
    while data:
        tag, length, start = data[0], data[1], 2
        if length & 0x80:
            start = 2 + (length & 0x7F)
            length = int.from_bytes(data[2:start], "big")
        found.append((tag, data[start : start + length]))
        data = data[start + length :]
    return found


def inside(data, *path):
    """Follows tags into nested constructed values."""
    for tag in path:
        data = dict(parts(data))[tag]
    return data


SEQUENCE, OCTETS = 0x30, 0x04


def context(number):
    return 0xA0 + number


def authorization_data(data):
    for _, element in parts(data):
        kind = int.from_bytes(inside(element, context(0), 0x02), "big")
        value = inside(element, context(1), OCTETS)
        if kind == IF_RELEVANT:
            yield from authorization_data(inside(value, SEQUENCE))
        else:
            yield kind, value


cache_file, service, password, salt = sys.argv[1:5]
with open(cache_file, "rb") as file:
    cache = ndr_unpack(krb5ccache.CCACHE, file.read())


def credentials():
    yield cache.cred
    rest = bytes(cache.further_creds)
    while rest:
        multiple = ndr_unpack(krb5ccache.MULTIPLE_CREDENTIALS, rest)
        yield multiple.cred
        rest = bytes(multiple.further_creds)


def name(principal):
    return "/".join(principal.components)


tickets = [bytes(each.ticket) for each in credentials() if name(each.server) == service]
encrypted = inside(tickets[-1], 0x61, SEQUENCE, context(3), SEQUENCE)
etype = int.from_bytes(inside(encrypted, context(0), 0x02), "big")
if etype != AES256:
    raise ValueError(f"the ticket is encrypted in another way: {etype}")
plain = decrypt(string_to_key(password, salt), TICKET_USAGE, inside(encrypted, context(2), OCTETS))
granted = inside(plain, 0x63, SEQUENCE, context(10), SEQUENCE)
pac = next(ndr_unpack(krb5pac.PAC_DATA, value) for kind, value in authorization_data(granted) if kind == PAC)

result = {}
for buffer in pac.buffers:
    if buffer.type == krb5pac.PAC_TYPE_LOGON_INFO:
        info = buffer.info.info.info3
        result["account"] = str(info.base.account_name)
        result["rid"] = info.base.rid
        result["groups"] = [group.rid for group in info.base.groups.rids]
    elif buffer.type == krb5pac.PAC_TYPE_UPN_DNS_INFO:
        result["userPrincipalName"] = str(buffer.info.upn_name)
    elif buffer.type == krb5pac.PAC_TYPE_CONSTRAINED_DELEGATION:
        delegation = buffer.info.info
        result["target"] = str(delegation.proxy_target)
        result["delegatedBy"] = [str(each) for each in delegation.transited_services]
print(json.dumps(result))
