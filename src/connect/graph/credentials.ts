// Who we are to Graph, by the Azure SDK's usual variables: a federated token first, then a certificate, a secret, the token
// that GitHub gives a job, a managed identity. No secret reaches a message. The library is heavy: loaded with the first token.

import type { TokenCredential } from '@azure/identity'
import { Failure } from '../../model/problem.ts'
import { type Cloud, clouds } from './clouds.ts'
import { field } from './explain-failure.ts'
import type { GetToken } from './tokens.ts'

type Identity = typeof import('@azure/identity')

export interface CredentialOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly cloud: Cloud
  /** Of the policy; AZURE_TENANT_ID may be left out, but must not name another. */
  readonly tenantId: string
  readonly fetch?: typeof fetch
  /** The Azure library, for tests. */
  readonly load?: () => Promise<Identity>
}

/** Throws at once if the environment says too little; asks for nothing until a token is needed. */
export function createTokenSource(options: CredentialOptions): GetToken {
  const create = chooseCredential(options)
  const scope = `${clouds[options.cloud].graph}/.default`
  let credential: Promise<TokenCredential> | undefined
  return async fresh => {
    // A new credential has an empty cache: permissions and roles are frozen into a token for its hour.
    if (credential === undefined || fresh) credential = (options.load ?? load)().then(create)
    try {
      const token = await (await credential).getToken(scope)
      if (token === null) throw new Error('the sign-in service gave no token')
      return token.token
    } catch (error) {
      throw signInFailure(error, options.environment)
    }
  }
}

function load(): Promise<Identity> {
  return import('@azure/identity')
}

const hint =
  'set AZURE_CLIENT_ID and one of: AZURE_FEDERATED_TOKEN_FILE (workload identity), GitHub Actions with "permissions: id-token: write", AZURE_CLIENT_CERTIFICATE_PATH, AZURE_CLIENT_SECRET. To try things out without a tenant, use --sandbox'

function chooseCredential({ environment, cloud, tenantId, fetch: fetchToken = fetch }: CredentialOptions) {
  const value = (name: string): string | undefined => environment[name]?.trim() || undefined
  const named = value('AZURE_TENANT_ID')
  if (named !== undefined && /^[0-9a-f-]{36}$/i.test(named) && named.toLowerCase() !== tenantId.toLowerCase()) {
    throw new Failure(
      'wrong-tenant',
      `AZURE_TENANT_ID is ${named}, but the policies are for tenant ${tenantId}`,
      'use the credentials of the tenant that the Organization names in entra.tenantId',
    )
  }
  const clientId = value('AZURE_CLIENT_ID')
  const file = value('AZURE_FEDERATED_TOKEN_FILE')
  const gitHub = { url: value('ACTIONS_ID_TOKEN_REQUEST_URL'), token: value('ACTIONS_ID_TOKEN_REQUEST_TOKEN') }
  const certificatePath = value('AZURE_CLIENT_CERTIFICATE_PATH')
  const certificatePassword = value('AZURE_CLIENT_CERTIFICATE_PASSWORD')
  const secret = value('AZURE_CLIENT_SECRET')
  const authority = { authorityHost: value('AZURE_AUTHORITY_HOST') ?? clouds[cloud].authority }
  if (clientId !== undefined) {
    if (file !== undefined) {
      return ({ WorkloadIdentityCredential }: Identity): TokenCredential =>
        new WorkloadIdentityCredential({ ...authority, tenantId, clientId, tokenFilePath: file })
    }
    if (certificatePath !== undefined) {
      const certificate = { certificatePath, ...(certificatePassword === undefined ? {} : { certificatePassword }) }
      return ({ ClientCertificateCredential }: Identity): TokenCredential =>
        new ClientCertificateCredential(tenantId, clientId, certificate, authority)
    }
    if (secret !== undefined) {
      return ({ ClientSecretCredential }: Identity): TokenCredential =>
        new ClientSecretCredential(tenantId, clientId, secret, authority)
    }
    if (gitHub.url !== undefined && gitHub.token !== undefined) {
      const assertion = gitHubAssertion(gitHub.url, gitHub.token, fetchToken)
      return ({ ClientAssertionCredential }: Identity): TokenCredential =>
        new ClientAssertionCredential(tenantId, clientId, assertion, authority)
    }
  }
  if (value('IDENTITY_ENDPOINT') !== undefined || value('MSI_ENDPOINT') !== undefined) {
    return ({ ManagedIdentityCredential }: Identity): TokenCredential =>
      clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId })
  }
  const missing = clientId === undefined ? 'AZURE_CLIENT_ID is not set' : 'nothing in the environment proves who we are'
  throw new Failure('no-credentials', `no credentials for Microsoft Graph: ${missing}`, hint)
}

/** GitHub's token for this job, asked for each time: it lives for minutes. */
function gitHubAssertion(url: string, token: string, fetchToken: typeof fetch): () => Promise<string> {
  return async () => {
    const address = new URL(url)
    address.searchParams.set('audience', 'api://AzureADTokenExchange')
    const answer = await fetchToken(address, { headers: { Authorization: `Bearer ${token}` } })
    const value = answer.ok ? field(await answer.json(), 'value') : undefined
    if (typeof value !== 'string') throw new Error(`GitHub gave no identity token (status ${answer.status})`)
    return value
  }
}

const secrets = [
  'AZURE_CLIENT_SECRET',
  'AZURE_CLIENT_CERTIFICATE_PASSWORD',
  'AZURE_PASSWORD',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
]

/** Without the cause: the library's errors carry requests. */
function signInFailure(error: unknown, environment: CredentialOptions['environment']): Failure {
  let message = (error instanceof Error ? error.message : String(error)).split(/\r?\n/, 1)[0] ?? ''
  for (const name of secrets) {
    const secret = environment[name]
    if (secret) message = message.replaceAll(secret, '[redacted]')
  }
  return new Failure('sign-in-failed', `cannot sign in to Microsoft Entra: ${message}`, signInHint(message))
}

function signInHint(message: string): string {
  if (message.includes('AADSTS700016')) return 'AZURE_CLIENT_ID names no application of this tenant'
  if (/AADSTS7000(215|222)/.test(message)) return 'AZURE_CLIENT_SECRET is wrong or has expired'
  if (/AADSTS70(0211|0212|0213|0223|021)\b/.test(message)) {
    return "the application's federated credential does not match this pipeline: compare issuer, subject and audience"
  }
  if (/AADSTS9000[0-9]+/.test(message)) return 'the tenant was not found: compare entra.tenantId and entra.cloud'
  return hint
}
