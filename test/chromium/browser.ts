// A real browser for the tests of pages, watched: whatever a page says, asks for or runs is told. Where there is no Chromium, the
// tests say so loudly; in CI they fail.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, launch, type Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, test } from 'vitest'

const program = process.env.CHROMIUM ?? '/usr/bin/chromium'

export interface Visit {
  readonly page: Page
  /** Everything that a page which only shows text never does. */
  readonly heard: readonly string[]
}

export interface VisitOptions {
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
}

export type Show = (html: string, options?: VisitOptions) => Promise<Visit>

export function describeInChromium(name: string, body: (show: Show) => void): void {
  const message = `${name}: there is no ${program}, so nothing is proved in a browser: run .ci/install-chromium`
  if (!existsSync(program)) {
    if (process.env.CI !== undefined && process.env.CI !== '') {
      describe(name, () => {
        test('Chromium is installed', () => {
          throw new Error(message)
        })
      })
      return
    }
    process.stderr.write(`\n*** SKIPPED: ${message} ***\n\n`)
    describe.skip(name, () => body(() => Promise.reject(new Error(message))))
    return
  }
  describe(name, () => {
    const folder = mkdtempSync(join(tmpdir(), 'guestlist-chromium-'))
    let browser: Browser | undefined
    beforeAll(async () => {
      // The sandbox of Chromium refuses to start as root.
      const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
      browser = await launch({ executablePath: program, args, userDataDir: join(folder, 'profile'), timeout: 50_000 })
    })
    afterAll(async () => {
      await browser?.close()
      rmSync(folder, { recursive: true, force: true })
    })
    let number = 0
    body((html, options) => {
      if (browser === undefined) throw new Error('the browser has not started')
      return visit(browser, join(folder, `${++number}.html`), html, options)
    })
  })
}

/** As a person opens it: from a file. */
async function visit(browser: Browser, file: string, html: string, options: VisitOptions = {}): Promise<Visit> {
  writeFileSync(file, html)
  const page = await browser.newPage()
  const heard: string[] = []
  const { href } = pathToFileURL(file)
  await page.setRequestInterception(true)
  page.on('request', request => {
    if (request.url() === href && request.isNavigationRequest()) return void request.continue()
    heard.push(`request: ${request.url()}`)
    void request.abort()
  })
  page.on('dialog', dialog => {
    heard.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', message => heard.push(`console: ${message.text()}`))
  page.on('pageerror', error => heard.push(`error: ${String(error)}`))
  page.on('popup', () => heard.push('popup'))
  page.on('workercreated', () => heard.push('worker'))
  page.on('framenavigated', frame => {
    if (frame.url().replace(/#.*/, '') !== href) heard.push(`navigated: ${frame.url()}`)
  })
  await page.setViewport({ width: options.width ?? 1280, height: options.height ?? 900 })
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: options.dark === true ? 'dark' : 'light' }])
  await page.goto(href)
  return { page, heard }
}
