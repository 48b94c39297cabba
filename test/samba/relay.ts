// A TCP relay in front of a server, whose connections can be cut: at once, or when the server's next answer comes by.

import { createServer, connect as dial, type NetConnectOpts, type Socket } from 'node:net'

export interface Relay {
  readonly port: number
  /** Breaks every connection that is open now. */
  cut(): void
  /** The server's next answer is lost, and every connection with it. */
  cutAtAnswer(): void
  /** From now on all that the server says is lost, and connections stay. */
  mute(): void
  /** So many connections that come next are closed at once. */
  refuse(count: number): void
  /** How often the server has said something that was lost. */
  lost(): number
  close(): Promise<void>
}

export async function startRelay(target: NetConnectOpts): Promise<Relay> {
  const open = new Set<Socket>()
  let isArmed = false
  let isMute = false
  let lost = 0
  let toRefuse = 0
  const server = createServer({ noDelay: true }, near => {
    if (toRefuse > 0) {
      toRefuse -= 1
      near.resetAndDestroy()
      return
    }
    const far = dial(target)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
    }
    near.pipe(far)
    far.on('data', chunk => {
      if (isMute) {
        lost += 1
        return
      }
      if (!isArmed) return void near.write(chunk)
      isArmed = false
      cut()
    })
  })
  const cut = (): void => {
    for (const socket of open) socket.resetAndDestroy()
  }
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(0, '127.0.0.1', done)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the relay has no port')
  return {
    port: address.port,
    cut,
    cutAtAnswer: () => {
      isArmed = true
    },
    mute: () => {
      isMute = true
    },
    refuse: count => {
      toRefuse = count
    },
    lost: () => lost,
    close: async () => {
      cut()
      await new Promise(done => server.close(done))
    },
  }
}
