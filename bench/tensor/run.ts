/**
 * A U-Net's training step and whole-image inference beside PyTorch: two threads each, runs interleaved, ratio of
 * medians (of wall time, and of processor time, which other work on the machine disturbs less). Prints JSON. Usage: node bench/tensor/run.ts [train|infer] [rounds] [relu|silu]; needs `python3` with PyTorch.
 */

import { fileURLToPath } from 'node:url'
import { compare, openPeer, python } from '../peer.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const threads = { OMP_WAIT_POLICY: 'passive', OMP_NUM_THREADS: '2' }

const [, , mode, rounds = '8', activation = 'relu'] = process.argv
const modes = (['train', 'infer'] as const).filter((each) => mode === undefined || mode === each)
for (const each of modes) {
  const peers = {
    ecotope: openPeer(process.execPath, [here('worker.ts'), each, activation], threads),
    peer: openPeer(python, [here('unet.py'), each, activation], threads),
  }
  console.log(JSON.stringify({ mode: each, activation, ...(await compare(peers, Number(rounds))) }))
}
