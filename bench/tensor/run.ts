/**
 * A U-Net's training step and whole-image inference beside PyTorch: two threads each, runs interleaved, ratio of
 * medians. Prints JSON. Usage: node bench/tensor/run.ts [train|infer] [rounds]; needs `python3` with PyTorch.
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

interface Peer {
  /** Milliseconds, value, peak memory in MB. */
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

async function compare(mode: 'train' | 'infer', rounds: number): Promise<Record<string, unknown>> {
  const peers = {
    ecotope: open(process.execPath, [here('worker.ts'), mode]),
    pytorch: open(python, [here('unet.py'), mode]),
  }
  const times = { ecotope: [] as number[], pytorch: [] as number[] }
  const last: Record<string, { value: number; peakMb: number }> = {}
  for (let round = 0; round <= rounds; round++) {
    for (const name of ['ecotope', 'pytorch'] as const) {
      const [milliseconds, value, peakMb] = await peers[name].once()
      if (round > 0) times[name].push(milliseconds!)
      last[name] = { value: value!, peakMb: Math.round(peakMb!) }
    }
  }
  for (const peer of Object.values(peers)) peer.end()
  const medians = { ecotope: median(times.ecotope), pytorch: median(times.pytorch) }
  return { mode, rounds, ratio: medians.ecotope / medians.pytorch, medianMilliseconds: medians, last }
}

const [mode, rounds] = [process.argv[2], Number(process.argv[3] ?? 8)]
const modes = (['train', 'infer'] as const).filter((each) => mode === undefined || mode === each)
for (const each of modes) console.log(JSON.stringify(await compare(each, rounds)))
