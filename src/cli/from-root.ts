// Files as a platform names them: from the root of the checkout, not from where the command runs.

import { relative, resolve, sep } from 'node:path'
import type { FromRoot } from '../render/report.ts'
import type { Host } from './host.ts'

/** GitHub Actions says where the checkout is; elsewhere it is where the command runs. What lies outside keeps its name. */
export function fromRootOf(host: Host): FromRoot {
  const root = resolve(host.cwd, host.env.GITHUB_WORKSPACE ?? '.')
  return file => {
    const path = relative(root, resolve(host.cwd, file)).split(sep).join('/')
    return path === '..' || path.startsWith('../') ? file : path || '.'
  }
}
