// inside.ts FOLDER PORTS PROGRAM ARGUMENTS…: runs the program in this network, with sockets in the folder that lead to its
// ports. Ends when the program does, and ends it.

import { spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'

const [folder = '', ports = '', program = '', ...args] = process.argv.slice(2)
const child = spawn(program, args, { stdio: 'inherit' })
child.once('exit', code => process.exit(code ?? 1))
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal))

for (const port of ports.split(',').map(Number)) {
  createServer(near => {
    const far = connect(port, '127.0.0.1')
    near.on('error', () => far.destroy()).on('close', () => far.destroy())
    far.on('error', () => near.destroy()).on('close', () => near.destroy())
    near.pipe(far).pipe(near)
  }).listen(join(folder, `port-${port}`))
}
