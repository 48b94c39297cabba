import { describe, expect, it } from 'vitest'
import { type Cloud, clouds } from '../../src/connect/graph/clouds.ts'
import { type CredentialOptions, createTokenSource } from '../../src/connect/graph/credentials.ts'
import { noteSkew } from '../../src/connect/graph/skew.ts'
import { readClaims } from '../../src/connect/graph/token.ts'
import { Failure } from '../../src/model/problem.ts'
import { tokenOf } from '../sandbox/graph/token.ts'

const tenantId = '7918d4b5-0442-4a97-be2d-36f9f9962ece'

/** Credentials that record how they were made, in place of the library's. */
function fakeIdentity(fail?: string) {
  const made: unknown[][] = []
  const scopes: unknown[] = []
  const kind = (name: string) =>
    class {
      readonly #args: unknown[]
      constructor(...args: unknown[]) {
        this.#args = args
        made.push([name, ...args])
      }
      async getToken(scope: unknown): Promise<{ readonly token: string }> {
        scopes.push(scope)
        if (fail !== undefined) throw new Error(fail)
        const assertion = this.#args.find(each => typeof each === 'function') as (() => Promise<string>) | undefined
        return { token: assertion === undefined ? `token-${made.length}` : await assertion() }
      }
    }
  const names = ['WorkloadIdentity', 'ClientCertificate', 'ClientSecret', 'ClientAssertion', 'ManagedIdentity']
  const identity = Object.fromEntries(names.map(name => [`${name}Credential`, kind(name)]))
  const load = async () => identity as unknown as typeof import('@azure/identity')
  return { made, scopes, load }
}

function source(
  environment: CredentialOptions['environment'],
  more: Partial<CredentialOptions> = {},
  cloud: Cloud = 'global',
) {
  return createTokenSource({ environment, cloud, tenantId, ...more })
}

const all = {
  AZURE_CLIENT_ID: 'app',
  AZURE_FEDERATED_TOKEN_FILE: '/run/token',
  AZURE_CLIENT_CERTIFICATE_PATH: '/run/cert.pem',
  AZURE_CLIENT_SECRET: 's3cret',
}
const authorityHost = 'https://login.microsoftonline.com'

describe('a token source', () => {
  it('prefers the federated identity, then a certificate, then a secret, then what the host gives', async () => {
    const { made, load } = fakeIdentity()
    const { AZURE_FEDERATED_TOKEN_FILE: _file, ...noFile } = all
    const { AZURE_CLIENT_CERTIFICATE_PATH: _path, ...noCertificate } = noFile
    for (const environment of [all, noFile, noCertificate, { IDENTITY_ENDPOINT: 'http://x', AZURE_CLIENT_ID: 'app' }]) {
      await source(environment, { load })()
    }
    expect(made).toEqual([
      ['WorkloadIdentity', { authorityHost, tenantId, clientId: 'app', tokenFilePath: '/run/token' }],
      ['ClientCertificate', tenantId, 'app', { certificatePath: '/run/cert.pem' }, { authorityHost }],
      ['ClientSecret', tenantId, 'app', 's3cret', { authorityHost }],
      ['ManagedIdentity', { clientId: 'app' }],
    ])
  })

  it.each(Object.keys(clouds) as Cloud[])('asks the sign-in service of %s for its Graph', async cloud => {
    const { made, scopes, load } = fakeIdentity()
    await source(all, { load }, cloud)()
    expect(made[0]?.[1]).toMatchObject({ authorityHost: clouds[cloud].authority })
    expect(scopes).toEqual([`${clouds[cloud].graph}/.default`])
  })

  it('makes one credential, and a new one when the token was refused', async () => {
    const { made, load } = fakeIdentity()
    const getToken = source(all, { load })
    expect([await getToken(), await getToken(), await getToken(true)]).toEqual(['token-1', 'token-1', 'token-2'])
    expect(made.length).toBe(2)
  })

  it("shows GitHub's token for the job, and says so when GitHub gives none", async () => {
    const { load } = fakeIdentity()
    const environment = {
      AZURE_CLIENT_ID: 'app',
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://github.example/token?v=1',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'job-token',
    }
    const calls: [string, unknown][] = []
    const github =
      (answer: () => Response): typeof fetch =>
      async (url, init) => {
        calls.push([String(url), init?.headers])
        return answer()
      }
    expect(await source(environment, { load, fetch: github(() => Response.json({ value: 'jwt' })) })()).toBe('jwt')
    expect(calls).toEqual([
      [
        'https://github.example/token?v=1&audience=api%3A%2F%2FAzureADTokenExchange',
        { Authorization: 'Bearer job-token' },
      ],
    ])
    const refused = source(environment, { load, fetch: github(() => new Response('no', { status: 401 })) })
    await expect(refused()).rejects.toThrow('GitHub gave no identity token (status 401)')
  })

  it('says which variables to set when there are none, and refuses those of another tenant', () => {
    for (const environment of [
      {},
      { AZURE_CLIENT_ID: 'app' },
      { AZURE_CLIENT_SECRET: 's3cret' },
      { AZURE_CLIENT_ID: ' ', AZURE_CLIENT_SECRET: 'x' },
    ]) {
      expect(() => source(environment)).toThrow(
        expect.objectContaining({ code: 'no-credentials', hint: expect.stringContaining('AZURE_CLIENT_ID') }),
      )
    }
    const other = { ...all, AZURE_TENANT_ID: '00000000-0000-0000-0000-000000000001' }
    expect(() => source(other)).toThrow(expect.objectContaining({ code: 'wrong-tenant' }))
    expect(() => source({ ...all, AZURE_TENANT_ID: tenantId.toUpperCase() })).not.toThrow()
    expect(() => source({ ...all, AZURE_TENANT_ID: 'contoso.onmicrosoft.com' })).not.toThrow()
  })

  it('fails without a secret in the message', async () => {
    const { load } = fakeIdentity('AADSTS7000215: Invalid client secret provided: s3cret\nTrace ID: 1')
    const { AZURE_FEDERATED_TOKEN_FILE: _, AZURE_CLIENT_CERTIFICATE_PATH: __, ...environment } = all
    const error = await source(environment, { load })().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Failure)
    expect(error).toMatchObject({
      code: 'sign-in-failed',
      message: 'cannot sign in to Microsoft Entra: AADSTS7000215: Invalid client secret provided: [redacted]',
      hint: 'AZURE_CLIENT_SECRET is wrong or has expired',
    })
    expect((error as Failure).cause).toBeUndefined()
  })

  it('works with the real library: a token file that is missing is told in one line', async () => {
    const environment = {
      AZURE_CLIENT_ID: 'app',
      AZURE_FEDERATED_TOKEN_FILE: '/nonexistent/token',
      AZURE_CLIENT_SECRET: 's3cret',
    }
    const error = await source(environment)().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'sign-in-failed' })
    expect(String(error)).toContain('/nonexistent/token')
    expect(String(error)).not.toContain('\n')
  })
})

describe('the claims of a token', () => {
  it('are the roles and who holds them', () => {
    const claims = { tid: tenantId.toUpperCase(), appid: 'App', oid: 'Object', scp: 'x' }
    expect(readClaims(tokenOf(['User.Read.All', 'Policy.Read.All'], claims))).toEqual({
      roles: new Set(['User.Read.All', 'Policy.Read.All']),
      tenantId,
      appId: 'app',
      objectId: 'object',
    })
    expect(readClaims(tokenOf(undefined, { azp: 'app' }))).toMatchObject({ roles: new Set(), appId: 'app' })
  })

  it('are unknown for what is no token that can be read, and never a failure', () => {
    for (const token of ['', 'sandbox', 'a.b.c', 'e30', `x.${Buffer.from('7').toString('base64url')}.y`, '..']) {
      expect(readClaims(token), token).toBeUndefined()
    }
  })
})

describe('the clock of the service', () => {
  const now = Date.parse('2026-12-01T09:00:00Z')
  const answers = (...dates: readonly (string | undefined)[]): typeof fetch => {
    const left = [...dates]
    return async () => {
      const date = left.shift()
      return new Response('{}', { headers: date === undefined ? {} : { date } })
    }
  }

  it('is as far from ours as its first date says', async () => {
    const dates = [undefined, 'Tue, 01 Dec 2026 09:07:00 GMT', 'Tue, 01 Dec 2026 10:00:00 GMT'] as const
    const skew = noteSkew(() => now, answers(...dates))
    expect(skew.ahead()).toBeUndefined()
    for (const _ of dates) await skew.fetch('https://graph.microsoft.com/v1.0/organization')
    expect(skew.ahead()).toBe(7 * 60_000)
  })
})
