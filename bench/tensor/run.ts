/**
 * A U-Net's training step and whole-image inference beside PyTorch: two threads each, runs interleaved, ratio of
 * medians (of wall time, and of processor time, which other work on the machine disturbs less). Prints JSON. Usage: node bench/tensor/run.ts [train|infer] [rounds] [relu|silu]; needs `python3` with PyTorch.
 */

import { fileURLToPath } from 'node:url'
import { median, openPeer, python } from '../peer.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const threads = { OMP_WAIT_POLICY: 'passive', OMP_NUM_THREADS: '2' }

async function compare(mode: 'train' | 'infer', rounds: number, activation: string): Promise<Record<string, unknown>> {
  const peers = {
    ecotope: openPeer(process.execPath, [here('worker.ts'), mode, activation], threads),
    pytorch: openPeer(python, [here('unet.py'), mode, activation], threads),
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
