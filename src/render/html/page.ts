// The page around a report: one file that loads nothing, runs nothing, and says so to the browser.

import { createHash } from 'node:crypto'
import { type Html, html } from './escape.ts'
import { style } from './style.ts'

// Nothing may be loaded or run, whatever the page said; of styles, only ours.
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style.source).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

export function pageOf(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`.source
}
