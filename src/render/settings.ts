// What a change of policy sets besides who reaches what, a line for each thing that differs. Plain text, not escaped.

import type { Line, Plan, Setting } from '../model/plan.ts'
import { type Difference, differencesOf } from './differences.ts'

export interface SettingNote {
  readonly text: string
  readonly at: Line | undefined
}

export function settingNotes({ settings }: Plan): readonly SettingNote[] {
  return settings.flatMap(setting => textsOf(setting).map(text => ({ text, at: setting.because[0] })))
}

function textsOf(setting: Setting): readonly string[] {
  const { kind, name, action, before, after } = setting
  if (kind === 'access') return reaches(setting)
  const subject = kind === 'organization' ? '' : `${kind} ${name}`
  const message = kind === 'rule' ? `: ${(after ?? before)?.message}` : ''
  if (action === 'create') return [`${subject} is new${message}`]
  if (action === 'delete') return [`${subject} goes${message}`]
  return differencesOf(setting).map(difference => `${subject === '' ? '' : `${subject}: `}${inline(difference)}`)
}

/** A group that fills without a review, or has nobody yet: each app that it opens, and to whom. */
function reaches({ name, before, after }: Setting): readonly string[] {
  const open = (side: Setting['after']): readonly (readonly [string, string])[] =>
    Object.entries(side ?? {}).flatMap(([app, who]) => (typeof who === 'string' ? [[app, who]] : []))
  const closed = open(before).filter(([app]) => typeof after?.[app] !== 'string')
  return [
    ...open(after).map(([app, who]) => `${app}: opens to ${name}, ${who}`),
    ...closed.map(([app]) => `${app}: no longer opens to ${name}`),
  ]
}

function inline({ path, kind, parts }: Difference): string {
  if (kind === 'list') return `${path}: ${parts.map(({ text, added }) => `${added ? '+' : '−'} ${text}`).join(', ')}`
  const side = (leave: 'added' | 'removed'): string => parts.flatMap(part => (part[leave] ? [] : [part.text])).join('')
  return `${path}: ${side('added') || 'nothing'} → ${side('removed') || 'nothing'}`
}
