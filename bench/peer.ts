/** A process that does one unit of work per line of input and answers with numbers: how two programs are timed in turn. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface Peer {
  /** What the process printed for one unit: wall and processor milliseconds first. */
  once(): Promise<readonly number[]>
  end(): void
}

export const python = process.env.PYTHON ?? '/usr/bin/python3'

export function openPeer(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Peer {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  }) as unknown as ChildProcessWithoutNullStreams
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    once: async () => {
      child.stdin.write('\n')
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`${command} ended early`)
      return value.split(' ').map(Number)
    },
    end: () => child.stdin.end(),
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
