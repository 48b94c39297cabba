// What `doctor` found out about one thing, before anything is changed.

export interface Checked {
  /** `untold`: nobody can tell from here. */
  readonly status: 'well' | 'wrong' | 'warning' | 'untold'
  /** Stable, kebab-case; what a pipeline filters on. */
  readonly code: string
  readonly message: string
  /** What to do. */
  readonly hint?: string
}

export interface Checkup {
  /** What was looked at: `Active Directory, corp.contoso.com`. */
  readonly title: string
  readonly results: readonly Checked[]
}

export const well = (code: string, message: string): Checked => ({ status: 'well', code, message })
export const wrong = (code: string, message: string, hint: string): Checked => ({
  status: 'wrong',
  code,
  message,
  hint,
})
export const warning = (code: string, message: string, hint: string): Checked => ({
  status: 'warning',
  code,
  message,
  hint,
})
export const untold = (code: string, message: string, hint?: string): Checked => ({
  status: 'untold',
  code,
  message,
  ...(hint === undefined ? {} : { hint }),
})
