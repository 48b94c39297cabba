// One apply at a time, wherever it runs: the second says so and changes nothing. What a cut apply has left behind is taken over,
// once its last writes are surely visible.

import { type GraphWriter, RequestFailure } from '../model/directories.ts'
import { Failure } from '../model/problem.ts'
import { type Instant, isoOf } from '../model/time.ts'
import { safeText } from '../render/safe-text.ts'
import { claimLease, type Holder, type Lease, nameHolder, readLease, removeLease } from '../resources/entra/lease.ts'
import { actorOf } from './actor.ts'
import type { Connection } from './connect.ts'
import type { Host } from './host.ts'

export interface Held {
  /** Throws if somebody else may have taken it over: then nothing more must be written. */
  readonly check: () => void
  /** The same, as soon as it is known. */
  readonly lost: AbortSignal
  /** True: a cut apply may have written what is not visible yet. */
  readonly isBehind: () => boolean
  /** Waits until all of that is visible. */
  readonly untilVisible: (signal: AbortSignal) => Promise<void>
  /** Gives it back; with a moment, it stays, and whoever comes next waits until then. */
  readonly end: (visible?: Instant) => Promise<void>
}

const minute = 60_000
const renewal = minute
/** Not renewed for so long, it is taken to be left behind. */
const patience = 5 * minute
/** Watched for longer than a renewal before it is taken over: clocks differ, and reads may be old. */
const watch = 90_000
const glance = 15_000
const mostUnseen = 10 * minute
/** Until a renewal is tried again that failed: a replica may have been asked that does not know the lease yet. */
const again = 5000
/** What was just deleted may still be answered. */
const settling = 2 * minute

type Means = Pick<Connection, 'beside' | 'clock' | 'lag'>

/** Throws if somebody else applies. Undefined, with a warning: we may not have one. `signal` gives up asking for it. */
export async function takeLease(host: Host, means: Means, signal: AbortSignal): Promise<Held | undefined> {
  const { clock } = means
  const { entra } = means.beside(signal)
  let left: Holder | undefined
  const removed = new Set<string>()
  const began = clock.now()
  for (;;) {
    const lease = await claimed(host, entra)
    if (lease === undefined) return undefined
    if (lease.isOurs) return await named(host, means, { id: lease.id, left, removed }, signal)
    if (removed.has(lease.id)) {
      if (clock.now() - began > settling + watch) throw underWay(lease.holder)
      await clock.sleep(glance, signal)
      continue
    }
    const behind = await leftBehind(host, means, lease, signal)
    if (behind === undefined) continue
    left = behind.holder ?? left
    removed.add(lease.id)
    await removeLease(entra, lease.id)
  }
}

async function claimed(host: Host, entra: GraphWriter): Promise<Lease | undefined> {
  try {
    return await claimLease(entra)
  } catch (error) {
    return warned(host, error)
  }
}

/** Without the right to keep others out an apply is what it was without a lease. */
function warned(host: Host, error: unknown): undefined {
  if (!(error instanceof RequestFailure && error.status === 403)) throw error
  host.stderr.write(
    'warning[no-lease]: may not make the group that keeps two applies apart: see to it that no other one runs now\n' +
      '  it takes Group.ReadWrite.All\n',
  )
}

/** As it was seen last, if nobody has it any more, or ever will say so. Undefined: it is gone. Throws if somebody applies. */
async function leftBehind(
  host: Host,
  { beside, clock }: Means,
  lease: Lease,
  signal: AbortSignal,
): Promise<Lease | undefined> {
  const { id, holder } = lease
  if (holder?.hasEnded === true) return lease
  const isOld = holder === undefined || clock.now() - holder.renewed >= patience || isDeadHere(host, holder)
  if (!isOld) throw underWay(holder)
  host.stderr.write('Another apply was under way and is not heard of: looking whether it still is.\n')
  for (let waited = 0; waited < watch; waited += glance) {
    await clock.sleep(glance, signal)
    const now = await readLease(beside(signal).from.entra, id)
    if (now === undefined) return undefined
    if (now.holder?.hasEnded === true) return now
    if (now.holder !== undefined && now.holder.renewed !== holder?.renewed) throw underWay(now.holder)
  }
  return lease
}

/** Of another machine nothing is known. In a container every run may have the same id: ours is a former run's. */
function isDeadHere({ user, writer }: Host, { machine, process }: Holder): boolean {
  if (user === undefined || machine !== user.machine) return false
  return process === writer.pid || !writer.isAlive(process)
}

function underWay(holder: Holder | undefined): Failure {
  const who = holder === undefined ? 'somebody who has not said who it is' : whoIs(holder)
  const until = holder === undefined ? '' : ` (last heard of at ${timeOf(holder.renewed)})`
  return new Failure(
    'apply-under-way',
    `another apply is under way: by ${who}`,
    `run this again when it has ended${until}; one that was cut is taken over after five minutes`,
  )
}

function unseen(): Failure {
  return new Failure(
    'lease-unseen',
    'another apply is under way, or Microsoft Entra does not show yet what is to keep others out: nothing was changed',
    'run this again in some minutes',
  )
}

function whoIs({ by, on, since }: Holder): string {
  return `${by ?? 'somebody'}${on === null ? '' : ` on ${on}`} since ${timeOf(since)}`
}

export function timeOf(instant: Instant): string {
  return `${isoOf(instant).slice(0, 16).replace('T', ' ')} UTC`
}

interface Taken {
  readonly id: string
  /** Who had it and did not end, or not with all visible. */
  readonly left: Holder | undefined
  /** The leases that were taken away for it. */
  readonly removed: ReadonlySet<string>
}

async function named(
  host: Host,
  { beside, clock, lag }: Means,
  { id, left, removed }: Taken,
  signal: AbortSignal,
): Promise<Held | undefined> {
  const { name, run, machine } = actorOf(host)
  const since = clock.now()
  let renewed = since
  // Never longer than is possible, whatever the group says.
  let visible = left === undefined ? undefined : Math.min(left.visible ?? left.renewed + lag, since + lag)
  const write = async (by: GraphWriter, hasEnded = false): Promise<void> => {
    const now = clock.now()
    await nameHolder(by, id, {
      ...{ by: name, on: run ?? machine, machine: host.user?.machine ?? null, process: host.writer.pid },
      ...{ since, renewed: now, hasEnded, visible },
    })
    renewed = now
  }
  /** Who has taken it over. That ours is not shown proves nothing, and while it is new, an old one may still be. */
  const successor = async (): Promise<Lease | undefined> => {
    const now = await readLease(beside(stop.signal).from.entra).catch(() => undefined)
    // Clocks differ: one that was taken away may say that it is younger.
    if (now === undefined || now.id === id || removed.has(now.id)) return undefined
    return (now.holder?.since ?? 0) > since || clock.now() - since > lag ? now : undefined
  }
  const [stop, lost] = [new AbortController(), new AbortController()]
  /** One replica or another knows it. */
  const shown = async (work: () => Promise<void>, most: number, signal?: AbortSignal): Promise<void> => {
    for (let waited = 0; ; waited += again) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof RequestFailure && error.status === 404) || waited >= most) throw error
        if ((await successor()) !== undefined) throw error
      }
      if (waited === minute) host.stderr.write('Waiting for Entra to show the group that keeps two applies apart.\n')
      await clock.sleep(again, signal)
    }
  }
  try {
    await shown(() => write(beside(signal).entra), Math.min(lag, mostUnseen), signal)
  } catch (error) {
    await removeLease(beside().entra, id).catch(() => undefined)
    const next = await successor()
    if (next !== undefined) throw underWay(next.holder)
    if (error instanceof RequestFailure && error.status === 404) throw unseen()
    return warned(host, error)
  }

  const lose = (): Failure => {
    const failure = new Failure(
      'lease-lost',
      'another apply may have begun: this one was not heard of for five minutes, or its lease was taken away',
      'run apply again: it continues from what is there',
    )
    if (!lost.signal.aborted) host.stderr.write(`error[${failure.code}]: ${failure.message}\n  ${failure.hint}\n`)
    lost.abort()
    return failure
  }
  const renewing = (async () => {
    for (let pause = renewal; ; ) {
      await clock.sleep(pause, stop.signal)
      try {
        // A connection of its own each time: what it has not made it does not wait for.
        await write(beside(stop.signal).entra)
        pause = renewal
      } catch {
        pause = again
        if ((await successor()) !== undefined) lose()
      }
      if (clock.now() - renewed >= patience) lose()
    }
  })().catch(() => undefined)

  if (left !== undefined) {
    const how = left.hasEnded
      ? 'ended before all that it wrote was visible'
      : 'did not end: its last writes may not be visible yet'
    host.stderr.write(`The last apply (by ${safeText(whoIs(left))}) ${how}.\n`)
  }
  return {
    lost: lost.signal,
    check() {
      if (lost.signal.aborted || clock.now() - renewed >= patience) throw lose()
    },
    isBehind: () => visible !== undefined && visible > clock.now(),
    async untilVisible(signal) {
      if (visible === undefined) return
      const pause = visible - clock.now()
      if (pause > 0) {
        host.stderr.write(
          `Waiting until ${timeOf(visible)} (${Math.ceil(pause / minute)} min), so that nothing is done twice. Ctrl-C ends here.\n`,
        )
        await clock.sleep(pause, signal)
      }
      visible = undefined
      await shown(() => write(beside(signal).entra), minute, signal)
    },
    async end(moment) {
      stop.abort()
      await renewing
      if (lost.signal.aborted) return
      // Whoever is interrupted before all is visible leaves the rest of the waiting to the next.
      visible = moment ?? visible
      // What interrupts an apply does not keep it from cleaning up.
      const last = beside().entra
      try {
        if (visible === undefined) await removeLease(last, id)
        else await shown(() => write(last, true), minute)
      } catch (error) {
        if (!(error instanceof RequestFailure)) throw error
        host.stderr.write(
          `warning[lease-left]: could not give back the lease: ${safeText(error.message)}\n  the next apply takes it over\n`,
        )
      }
    },
  }
}
