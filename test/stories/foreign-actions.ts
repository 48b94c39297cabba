// Stand-ins of the actions that our workflows take from others: what they do to the folder of the job, and no more.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { unzipSync, zipSync } from 'fflate'
import { git } from './git.ts'
import type { GitHubStandIn, Run } from './github-stand-in.ts'

/** The job that calls. */
interface Caller {
  readonly world: { readonly origin: string; readonly gitHub: GitHubStandIn }
  readonly run: Run
  readonly event: { readonly sha: string }
  readonly workspace: string
}

type Given = Readonly<Record<string, string>>

/** By name; each returns its exit code. */
export const foreignActions: Readonly<Record<string, (given: Given, caller: Caller) => number>> = {
  'actions/setup-node': () => 0,

  'actions/checkout': (given, { world, event, workspace }) => {
    const isWhole = given['fetch-depth'] === '0'
    git(workspace, 'init', '--quiet')
    git(workspace, 'remote', 'add', 'origin', `file://${world.origin}`)
    if (isWhole) git(workspace, 'fetch', '--quiet', 'origin')
    git(workspace, 'fetch', '--quiet', ...(isWhole ? [] : ['--depth=1']), 'origin', event.sha)
    git(workspace, 'checkout', '--quiet', '--detach', event.sha)
    return 0
  },

  'actions/upload-artifact': (given, { world: { gitHub }, run, workspace }) => {
    const files = String(given.path)
      .split('\n')
      .map(path => join(workspace, path.trim()))
      .filter(path => path !== workspace && existsSync(path))
    if (files.length === 0) return 0
    const zip = zipSync(Object.fromEntries(files.map(path => [basename(path), new Uint8Array(readFileSync(path))])))
    const before = gitHub.artifacts.findIndex(artifact => artifact.run === run.id && artifact.name === given.name)
    if (before >= 0) gitHub.artifacts.splice(before, 1)
    gitHub.addArtifact(run.id, String(given.name), zip)
    return 0
  },

  'actions/download-artifact': ({ name, pattern, path = '' }, { world: { gitHub }, run, workspace }) => {
    const isWanted = (candidate: string): boolean =>
      pattern === undefined ? candidate === name : candidate.startsWith(pattern.replace(/\*$/, ''))
    const found = gitHub.artifacts.filter(artifact => artifact.run === run.id && isWanted(artifact.name))
    for (const artifact of found) {
      const folder = join(workspace, path, pattern === undefined ? '' : artifact.name)
      mkdirSync(folder, { recursive: true })
      for (const [entry, bytes] of Object.entries(unzipSync(artifact.zip))) writeFileSync(join(folder, entry), bytes)
    }
    return name !== undefined && found.length === 0 ? 1 : 0
  },
}
