// Commands of the contract that are not there yet: named as such, so that nobody takes them for a typing mistake.

import type { Command } from 'commander'
import { Failure } from '../model/problem.ts'
import type { Does } from './options.ts'

const names = ['import', 'completion'] as const

export function addLater(program: Command, does: Does): void {
  for (const name of names) {
    program
      .command(name, { hidden: true })
      .description('Not supported yet.')
      .argument('[operands...]')
      .allowUnknownOption()
      .action(
        does(async () => {
          throw new Failure('not-supported-yet', `not supported yet: ${name}`, '`guestlist --help` shows what is')
        }),
      )
  }
}
