// What Samba and the Kerberos clients are told of a run's domain.

export interface DomainPlace {
  readonly folder: string
  readonly realm: string
  readonly address: string
  readonly recent: boolean
}

export function smbConf({ folder, realm, address, recent }: DomainPlace): string {
  return [
    '[global]',
    `realm = ${realm}`,
    `workgroup = ${realm.split('.')[0]}`,
    'netbios name = DC1',
    'server role = active directory domain controller',
    ...(recent ? ['ad dc functional level = 2016'] : []),
    'server services = ldap, cldap, kdc',
    `interfaces = ${address}/8`,
    'bind interfaces only = yes',
    `private dir = ${folder}/private`,
    `state directory = ${folder}/state`,
    `cache directory = ${folder}/cache`,
    `lock directory = ${folder}`,
    `pid directory = ${folder}/run`,
    `ncalrpc dir = ${folder}/ncalrpc`,
    `winbindd socket directory = ${folder}/winbindd`,
    `ntp signd socket directory = ${folder}/ntp_signd`,
    `log file = ${folder}/log.samba`,
    'log level = 1',
    '',
  ].join('\n')
}

/** Tickets must be forwardable to be delegated; names are taken as they are written. */
export function kerberosConf(realm: string, kdc: string): string {
  return [
    '[libdefaults]',
    `  default_realm = ${realm}`,
    '  dns_lookup_kdc = false',
    '  dns_lookup_realm = false',
    '  dns_canonicalize_hostname = false',
    '  rdns = false',
    '  udp_preference_limit = 0',
    '  forwardable = true',
    '[realms]',
    `  ${realm} = {`,
    `    kdc = ${kdc}`,
    '  }',
    '',
  ].join('\n')
}
