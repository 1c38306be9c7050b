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

interface Summary {
  readonly wallMs: number
  /** Wall time of the quickest round. */
  readonly leastMs: number
  readonly cpuMs: number
  readonly value: number
  readonly peakMb: number
}

export interface Comparison {
  /** Wall time, processor time and peak memory: ours over theirs. */
  readonly ratio: number
  readonly cpuRatio: number
  readonly memoryRatio: number
  /** Wall time of the quickest rounds: on a shared machine, what the programs do when nobody disturbs them. */
  readonly leastRatio: number
  readonly ecotope: Summary
  readonly peer: Summary
}

/** Interleaved runs of both; the first of each allocates and warms caches, and is left out. Ends both. */
export async function compare(
  peers: { readonly ecotope: Peer; readonly peer: Peer },
  rounds: number,
): Promise<Comparison> {
  const samples = { ecotope: [] as (readonly number[])[], peer: [] as (readonly number[])[] }
  for (let round = 0; round <= rounds; round++) {
    for (const name of ['ecotope', 'peer'] as const) {
      const sample = await peers[name].once()
      if (round > 0) samples[name].push(sample)
    }
  }
  peers.ecotope.end()
  peers.peer.end()
  const [ecotope, peer] = [summary(samples.ecotope), summary(samples.peer)]
  return {
    ratio: ecotope.wallMs / peer.wallMs,
    cpuRatio: ecotope.cpuMs / peer.cpuMs,
    memoryRatio: ecotope.peakMb / peer.peakMb,
    leastRatio: ecotope.leastMs / peer.leastMs,
    ecotope,
    peer,
  }
}

function summary(samples: readonly (readonly number[])[]): Summary {
  const column = (i: number): number => median(samples.map((sample) => sample[i]!))
  const leastMs = Math.min(...samples.map((sample) => sample[0]!))
  return { wallMs: column(0), leastMs, cpuMs: column(1), value: samples.at(-1)![2]!, peakMb: column(3) }
}
