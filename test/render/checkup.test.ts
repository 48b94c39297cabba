// What doctor shows: a sign and a line for each thing, what to do below it, and nothing that could move the cursor.

import { expect, test } from 'vitest'
import type { Checkup } from '../../src/model/checkup.ts'
import { renderCheckup, summarizeCheckups } from '../../src/render/checkup.ts'
import { plain } from '../../src/render/paint.ts'

const checkup: Checkup = {
  title: 'Active Directory, corp.contoso.com',
  results: [
    { status: 'well', code: 'clock', message: 'clock: fine' },
    { status: 'wrong', code: 'missing-unit', message: 'no unit OU=\u202eA', hint: 'create it' },
    { status: 'warning', code: 'clock-skew', message: '7 minutes' },
    { status: 'untold', code: 'rights', message: 'cannot be told' },
  ],
}

test('a line for each thing', () => {
  expect(renderCheckup(checkup, plain)).toBe(
    [
      'Active Directory, corp.contoso.com',
      '  ✓ clock: fine',
      '  ✗ no unit OU=<U+202E>A [missing-unit]',
      '      create it',
      '  ! 7 minutes [clock-skew]',
      '  · cannot be told',
      '',
      '',
    ].join('\n'),
  )
})

test('one line sums it up', () => {
  expect(summarizeCheckups([checkup, checkup], plain)).toBe('2 things fail, 2 warnings. Nothing was changed.\n')
  expect(summarizeCheckups([{ title: '', results: checkup.results.slice(0, 1) }], plain)).toBe(
    'All is well. Nothing was changed.\n',
  )
})
