// Where each cloud's Microsoft Graph and sign-in service are.

export type Cloud = 'global' | 'us-government' | 'us-government-dod' | 'china'

export interface CloudAddresses {
  readonly graph: string
  readonly authority: string
}

export const clouds: Readonly<Record<Cloud, CloudAddresses>> = {
  global: { graph: 'https://graph.microsoft.com', authority: 'https://login.microsoftonline.com' },
  'us-government': { graph: 'https://graph.microsoft.us', authority: 'https://login.microsoftonline.us' },
  'us-government-dod': { graph: 'https://dod-graph.microsoft.us', authority: 'https://login.microsoftonline.us' },
  china: { graph: 'https://microsoftgraph.chinacloudapi.cn', authority: 'https://login.chinacloudapi.cn' },
}
