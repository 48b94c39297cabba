// One file out of an artifact of a run. An artifact is what a pull request's own run has packed: its size is bounded before
// and while it is read, its bytes are those that GitHub has the digest of, and no name in it becomes a path.

import { createHash } from 'node:crypto'
import { unzipSync } from 'fflate'
import { Failure } from '../../model/problem.ts'
import type { GitHub } from './client.ts'

export interface Artifact {
  readonly id: number
  readonly name: string
  readonly size_in_bytes: number
  readonly digest?: string | null
}

const most = { zip: 64 << 20, file: 64 << 20 }

export async function fileOf(gitHub: GitHub, artifact: Artifact, file: string): Promise<string> {
  const zip = await download(gitHub, artifact)
  const { digest } = artifact
  if (typeof digest === 'string' && digest !== `sha256:${createHash('sha256').update(zip).digest('hex')}`) {
    throw bad(artifact, 'is not what was uploaded: its digest is another')
  }
  let isTooLarge = false
  let count = 0
  let entries: Readonly<Record<string, Uint8Array>>
  try {
    entries = unzipSync(zip, {
      filter: ({ name, originalSize }) => {
        if (name !== file) return false
        count++
        isTooLarge ||= originalSize > most.file
        return count === 1 && !isTooLarge
      },
    })
  } catch (error) {
    throw bad(artifact, 'is no zip file that can be read', error)
  }
  if (isTooLarge) throw bad(artifact, `holds a ${file} that is too large`)
  const found = entries[file]
  if (count !== 1 || found === undefined) throw bad(artifact, `holds ${count === 0 ? 'no' : 'more than one'} ${file}`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(found)
  } catch (error) {
    throw bad(artifact, `holds a ${file} that is no text`, error)
  }
}

async function download({ rest, repository, asked }: GitHub, artifact: Artifact): Promise<Uint8Array> {
  if (artifact.size_in_bytes > most.zip) throw bad(artifact, 'is too large')
  return await asked(`download the artifact ${artifact.name}`, async () => {
    const { data } = await rest.actions.downloadArtifact({
      ...repository,
      artifact_id: artifact.id,
      archive_format: 'zip',
      request: { parseSuccessResponseBody: false },
    })
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of data as ReadableStream<Uint8Array>) {
      size += chunk.length
      if (size > most.zip) throw bad(artifact, 'is too large')
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  })
}

function bad({ name }: Artifact, what: string, cause?: unknown): Failure {
  return new Failure(
    'bad-artifact',
    `the artifact ${name} ${what}`,
    'plan anew: run the plan of the pull request again',
    {
      cause,
    },
  )
}
