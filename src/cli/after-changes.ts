// A failure after something was changed: no ending may say that nothing was.

export class AfterChanges extends Error {
  constructor(cause: unknown) {
    super('failed after changes', { cause })
  }
}
