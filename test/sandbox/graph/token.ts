// Access tokens as an application gets them, unsigned: the sandbox looks at their roles only.

export function tokenOf(roles: readonly string[] | undefined, claims: Readonly<Record<string, unknown>> = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ ...claims, ...(roles === undefined ? {} : { roles }) })}.unsigned`
}
