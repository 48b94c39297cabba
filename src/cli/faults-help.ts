// How a file of faults is written: what `guestlist sandbox serve --help` says of it.

import { wrapped } from '../render/layout.ts'
import { graphFaults } from '../sandbox/graph/faults/kinds.ts'

/** A file that can be used as it stands. */
export const faultsExample = `  seed: 7                        # what chance goes by: with the same seed the same things happen (default: 1)
  weather: unsettled             # calm | unsettled | storm: a random mix of all that passes, in both directories
  quota: medium                  # as --quota; or {size: medium, invitationsAreWrites: false, batchStatus: 424}
  replication: {lag: 2000}       # as --replication-lag; lag: incident takes minutes; replicas: 3
  graph:                         # of several rules the first one that strikes counts
    - {fault: reset, on: POST /invitations, nth: 3, carriedOut: true}
    - {fault: 503, on: POST|PATCH /users/*, every: 10, times: 2, retryAfter: 5}
    - {fault: slow, ms: 8000, in: batch, chance: 0.05}
  directory:                     # the domain controllers; not of \`sandbox serve\`, which has none
    secondServer: {lag: 5000}    # one that hears of changes later
    rules: [{fault: busy, operation: modify, dn: OU=Shadow, from: 2, times: 3}]
`

export const faultsHelp = `
What goes wrong (--faults FILE in YAML or JSON; every key may be left out):
${faultsExample}
A rule for Graph:
  fault        ${wrapped(graphFaults.map(String), '', 104).join('\n               ')}
  on           which requests: methods, a path or both; * is one part of the path, ** at the end any rest (default: all)
  in           batch | alone (default: both)
  nth          only the so-manieth of these requests; or every: each so-manieth; or chance: by the seed (default: each)
  times        at most that often
  carriedOut   true: what was asked for is done, and goes wrong then
  ms           how slow; retryAfter: seconds, of a fault that is a status
\`guestlist schema faults\` prints all there is, for editors.`
