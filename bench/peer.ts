/** A process that does one unit of work per line of input and answers with numbers: how two programs are timed in turn. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
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
  readonly cpuMs: number
  readonly value: number
  readonly peakMb: number
}

export interface Comparison {
  /** Wall time, processor time and peak memory: ours over theirs, in rounds that the host left alone. */
  readonly ratio: number
  readonly cpuRatio: number
  readonly memoryRatio: number
  /** Wall time in all rounds. */
  readonly allRatio: number
  /** Share of all rounds that the host left alone. */
  readonly quiet: number
  readonly ecotope: Summary
  readonly peer: Summary
}

interface Sample {
  /** Wall and processor milliseconds, a value, peak megabytes. */
  readonly numbers: readonly number[]
  /** Share of the processors' time that the host gave to other machines meanwhile. */
  readonly stolen: number
}

/** On a shared host, rounds of which it takes more than this share measure its other guests too. */
const MOST_STOLEN = 0.02

/**
 * Interleaved runs of both; the first of each allocates and warms caches, and is left out, as are rounds that the host
 * disturbed, unless these are most of them; up to twice as many rounds are made for it. Ends both.
 */
export async function compare(
  peers: { readonly ecotope: Peer; readonly peer: Peer },
  rounds: number,
): Promise<Comparison> {
  const samples = { ecotope: [] as Sample[], peer: [] as Sample[] }
  const isEnough = (of: readonly Sample[]): boolean => of.filter(isQuiet).length >= rounds
  for (let round = 0; round <= 2 * rounds; round++) {
    if (round > rounds && isEnough(samples.ecotope) && isEnough(samples.peer)) break
    for (const name of ['ecotope', 'peer'] as const) {
      const sample = await observed(peers[name])
      if (round > 0) samples[name].push(sample)
    }
  }
  peers.ecotope.end()
  peers.peer.end()
  const [ecotope, peer] = [summary(undisturbed(samples.ecotope)), summary(undisturbed(samples.peer))]
  const all = [...samples.ecotope, ...samples.peer]
  return {
    ratio: ecotope.wallMs / peer.wallMs,
    cpuRatio: ecotope.cpuMs / peer.cpuMs,
    memoryRatio: ecotope.peakMb / peer.peakMb,
    allRatio: summary(samples.ecotope).wallMs / summary(samples.peer).wallMs,
    quiet: all.filter(isQuiet).length / all.length,
    ecotope,
    peer,
  }
}

async function observed(peer: Peer): Promise<Sample> {
  const [stolen, started] = [stolenMs(), performance.now()]
  const numbers = await peer.once()
  const available = (performance.now() - started) * availableParallelism()
  return { numbers, stolen: (stolenMs() - stolen) / available }
}

/** Time that the host of a virtual machine has given to others while a processor had work: Linux counts it, in 10 ms. */
function stolenMs(): number {
  if (!existsSync('/proc/stat')) return 0
  const [total = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  return 10 * Number(total.trim().split(/ +/)[8] ?? 0)
}

const isQuiet = ({ stolen }: Sample): boolean => stolen <= MOST_STOLEN

function undisturbed(samples: readonly Sample[]): readonly Sample[] {
  const quiet = samples.filter(isQuiet)
  return quiet.length * 2 >= samples.length ? quiet : samples
}

function summary(samples: readonly Sample[]): Summary {
  const column = (i: number): number => median(samples.map(({ numbers }) => numbers[i]!))
  return { wallMs: column(0), cpuMs: column(1), value: samples.at(-1)!.numbers[2]!, peakMb: column(3) }
}
