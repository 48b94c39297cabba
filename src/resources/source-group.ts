// What a group that others keep holds, in either directory, before anybody asks whose people they are.

export interface SourceMember {
  /** What findings call it. */
  readonly name: string
  readonly displayName?: string
  /** Mail addresses in lower case, by which an invited partner's people are known. */
  readonly mails: readonly string[]
  /** In lower case: by one of them the policy may list somebody whose mail was changed since. */
  readonly otherMails?: readonly string[]
  /** In lower case, by which policies know accounts of our own. */
  readonly principalName?: string
  /** Of our own people: signs in here without being a guest. */
  readonly isEmployee?: boolean
  /** What it is, where it can be nobody's account: `a device`. */
  readonly thing?: string
}

/** Why a source cannot be used: code of a guardrail, for the plan stops. */
export interface SourceFault {
  readonly code: `guardrail/source-${'missing' | 'ambiguous' | 'not-a-group' | 'own-group'}`
  readonly message: string
  readonly hint: string
}

export type SourceGroup = { readonly members: readonly SourceMember[] } | { readonly fault: SourceFault }
