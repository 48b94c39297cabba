// How the agents of GitHub Actions and Azure Pipelines read a log for commands: the two ways in which a line of output can
// be more than text.

export interface Command {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly data: string
}

/** All commands that GitHub's runner would obey, and every beginning of one of Azure's. */
export function commandsIn(log: string): readonly Command[] {
  return log.split(/\r\n|\r|\n/).flatMap(line => {
    const command = atBeginning(line)
    if (command !== undefined) return [command]
    return [...line.matchAll(/##(?:vso)?\[([^\]]*)/g)].map(([, name = '']) => ({ name, properties: {}, data: line }))
  })
}

/** `::name key=value,…::data` after any blanks. */
function atBeginning(line: string): Command | undefined {
  const text = line.trimStart()
  if (!text.startsWith('::')) return undefined
  const end = text.indexOf('::', 2)
  const [name = '', ...rest] = text.slice(2, end === -1 ? undefined : end).split(' ')
  const pairs = rest
    .join(' ')
    .split(',')
    .filter(pair => pair !== '')
    .map(pair => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), unescaped(pair.slice(at + 1))]
    })
  return { name, properties: Object.fromEntries(pairs), data: end === -1 ? '' : unescaped(text.slice(end + 2)) }
}

function unescaped(text: string): string {
  return text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%')
}
