// A build script: schemas/*.schema.json -> src/model/policy.generated.ts. With --check it writes nothing and fails when
// the file is not in step. Scalars are inlined; every object of a schema's $defs becomes an interface named after its
// kind.

import { readFileSync, writeFileSync } from 'node:fs'
import { compile } from 'json-schema-to-typescript'

const kinds = ['Organization', 'Partner', 'App', 'Access', 'Rule'] as const
const target = new URL('policy.generated.ts', import.meta.url)

type Node = Record<string, unknown>

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

const isShape = (definition: unknown) => isNode(definition) && [definition.type].flat().includes('object')

/** Conditions and messages are for the validator; the shape of the types comes from properties alone. */
const dropped = new Set(
  'title if then allOf oneOf errorMessage examples default format minItems maxItems propertyNames'.split(' '),
)

async function interfacesOf(kind: string): Promise<string> {
  const file = new URL(`../../schemas/${kind.toLowerCase()}.schema.json`, import.meta.url)
  const schema = JSON.parse(readFileSync(file, 'utf8')) as Node
  const definitions = isNode(schema.$defs) ? schema.$defs : {}
  const interfaceName = (key: string) => `${kind}${key[0]?.toUpperCase()}${key.slice(1)}`

  const forTypes = (node: unknown, keysAreNames = false): unknown => {
    if (Array.isArray(node)) return node.map(item => forTypes(item))
    if (!isNode(node)) return node
    const key = typeof node.$ref === 'string' ? node.$ref.slice('#/$defs/'.length) : undefined
    if (key !== undefined && isShape(definitions[key])) return { $ref: `#/$defs/${interfaceName(key)}` }
    const whole = key === undefined ? node : { ...(definitions[key] as Node), ...node }
    return Object.fromEntries(
      Object.entries(whole)
        .filter(([name]) => keysAreNames || (!dropped.has(name) && name !== '$ref' && name !== '$defs'))
        .map(([name, value]) => [name, forTypes(value, !keysAreNames && name === 'properties')]),
    )
  }

  const shapes = Object.entries(definitions).filter(([, definition]) => isShape(definition))
  const plain = {
    ...(forTypes(schema) as Node),
    $defs: Object.fromEntries(shapes.map(([key, definition]) => [interfaceName(key), forTypes(definition)])),
  }
  return compile(plain as Parameters<typeof compile>[0], kind, {
    bannerComment: '',
    format: true,
    style: { singleQuote: true, semi: false, printWidth: 120 },
  })
}

const parts = [
  '// Generated from schemas/ by `npm run generate`. Do not edit.\n',
  ...(await Promise.all(kinds.map(interfacesOf))),
  `export type PolicyDocument = ${kinds.join(' | ')}\n`,
]
const text = parts.join('\n')

if (!process.argv.includes('--check')) {
  writeFileSync(target, text)
} else if (readFileSync(target, 'utf8') !== text) {
  process.stderr.write('src/model/policy.generated.ts is not in step with schemas/: run `npm run generate`.\n')
  process.exitCode = 1
}
