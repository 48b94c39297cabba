// Within one observation the same question is asked once, whichever kinds ask it.

import type { Directories, DirectoryEntry, DirectoryReader } from '../model/directories.ts'
import { canonical } from './canonical.ts'

export function askOnce(from: Directories): Directories {
  if (from.activeDirectory === undefined) return from
  const reader = from.activeDirectory
  const answers = new Map<string, Promise<readonly DirectoryEntry[]>>()
  const activeDirectory: DirectoryReader = {
    search(request) {
      const question = canonical(request)
      const answer = answers.get(question) ?? reader.search(request)
      answers.set(question, answer)
      return answer
    },
  }
  return { ...from, activeDirectory }
}
