// Who we are to Active Directory, from the environment. The password comes from a variable or from a file, as secrets are
// mounted into containers; it never reaches a message.

import { readFileSync } from 'node:fs'
import { Failure } from '../../model/problem.ts'
import type { Bind } from './dial.ts'

const nameVariable = 'GUESTLIST_LDAP_BIND_DN'
const passwordVariable = 'GUESTLIST_LDAP_PASSWORD'
const fileVariable = 'GUESTLIST_LDAP_PASSWORD_FILE'

const hint = `set ${nameVariable}, and ${passwordVariable} or ${fileVariable}. To try things out without a domain, use --sandbox`

/** Throws if the environment says too little or too much; `readFile` is for tests. */
export function bindFrom(
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = path => readFileSync(path, 'utf8'),
): Bind {
  // Under this setting the LDAP library prints whole requests, new passwords among them.
  if (/ldapts|\*/i.test(environment.NODE_DEBUG ?? '')) {
    throw new Failure('unsafe-debugging', 'NODE_DEBUG makes the LDAP library print passwords', 'unset NODE_DEBUG')
  }
  const dn = environment[nameVariable]?.trim() ?? ''
  if (dn === '')
    throw new Failure('no-credentials', `no credentials for Active Directory: ${nameVariable} is not set`, hint)
  const password = environment[passwordVariable] ?? ''
  const file = environment[fileVariable] ?? ''
  if (password !== '' && file !== '') {
    throw new Failure('two-passwords', `${passwordVariable} and ${fileVariable} are both set`, 'unset one of them')
  }
  if (password !== '') return { dn, password }
  if (file === '') {
    const message = `no credentials for Active Directory: neither ${passwordVariable} nor ${fileVariable} is set`
    throw new Failure('no-credentials', message, hint)
  }
  return { dn, password: passwordIn(file, readFile) }
}

function passwordIn(file: string, readFile: (path: string) => string): string {
  let text: string
  try {
    text = readFile(file)
  } catch (error) {
    const code = (error as { code?: unknown }).code
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : String(code)
    throw new Failure('no-credentials', `the file that ${fileVariable} names, ${file}, cannot be read: ${reason}`, hint)
  }
  // Editors and `echo` end a file with a line break, which is no part of the password.
  const password = text.replace(/^\ufeff/, '').replace(/\r?\n$/, '')
  if (password === '')
    throw new Failure('no-credentials', `the file that ${fileVariable} names, ${file}, is empty`, hint)
  return password
}
