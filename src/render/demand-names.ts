// What apps ask at sign-in, as a person would say it.

const demandNames: Readonly<Record<string, string>> = {
  mfa: 'MFA',
  'phishing-resistant-mfa': 'phishing-resistant MFA',
  'compliant-device': 'a compliant device',
}

/** `MFA and sign-in every 8h`, of a set as ids name it; several sets as they are called. */
export function demandsNamed(demands: string): string {
  const names = demands
    .replace(/ \([^)]*\)$/, '')
    .split('+')
    .map(demandNamed)
  return [...names.slice(0, -2), names.slice(-2).join(' and ')].join(', ')
}

export function demandNamed(demand: string): string {
  const name = demandNames[demand]
  return (
    name ?? demand.replace('sign-in-frequency:', 'sign-in every ').replace('terms-of-use:', 'consent to terms of use ')
  )
}
