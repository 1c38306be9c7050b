/**
 * A U-Net's training step and whole-image inference beside PyTorch: two threads each, runs interleaved, ratio of
 * medians (of wall time, and of processor time, which other work on the machine disturbs less). Prints JSON. Usage: node bench/tensor/run.ts [train|infer] [rounds] [relu|silu]; needs `python3` with PyTorch.
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

interface Peer {
  /** Wall and processor milliseconds, value, peak memory in MB. */
  once(): Promise<readonly number[]>
  end(): void
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const python = process.env.PYTHON ?? '/usr/bin/python3'

function open(command: string, args: readonly string[]): Peer {
  const env = { ...process.env, OMP_WAIT_POLICY: 'passive', OMP_NUM_THREADS: '2' }
  const child = spawn(command, args, {
    env,
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

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

async function compare(mode: 'train' | 'infer', rounds: number, activation: string): Promise<Record<string, unknown>> {
  const peers = {
    ecotope: open(process.execPath, [here('worker.ts'), mode, activation]),
    pytorch: open(python, [here('unet.py'), mode, activation]),
  }
  const samples = { ecotope: [] as (readonly number[])[], pytorch: [] as (readonly number[])[] }
  for (let round = 0; round <= rounds; round++) {
    for (const name of ['ecotope', 'pytorch'] as const) {
      const sample = await peers[name].once()
      // The first run allocates and warms caches on either side.
      if (round > 0) samples[name].push(sample)
    }
  }
  for (const peer of Object.values(peers)) peer.end()
  const [ours, theirs] = [summary(samples.ecotope), summary(samples.pytorch)]
  const ratio = ours.wallMs / theirs.wallMs
  return { mode, activation, rounds, ratio, cpuRatio: ours.cpuMs / theirs.cpuMs, ecotope: ours, pytorch: theirs }
}

function summary(samples: readonly (readonly number[])[]): {
  wallMs: number
  cpuMs: number
  value: number
  peakMb: number
} {
  const column = (i: number): number => median(samples.map((sample) => sample[i]!))
  return { wallMs: column(0), cpuMs: column(1), value: samples.at(-1)![2]!, peakMb: column(3) }
}

const [, , mode, rounds = '8', activation = 'relu'] = process.argv
const modes = (['train', 'infer'] as const).filter((each) => mode === undefined || mode === each)
for (const each of modes) console.log(JSON.stringify(await compare(each, Number(rounds), activation)))
