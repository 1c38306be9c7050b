/**
 * A training step of one of the oracle's networks beside PyTorch: two threads each, interleaved, ratio of medians.
 * Prints JSON. Usage: node bench/tensor/networks.ts NAME [rounds]
 */

import { fileURLToPath } from 'node:url'
import { compare, openPeer, python } from '../peer.ts'
import { sizes } from './sizes.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const [, , name = 'transformer', rounds = '8'] = process.argv
const threads = { OMP_WAIT_POLICY: 'passive', OMP_NUM_THREADS: '2' }
const args = [name, JSON.stringify(sizes[name])]
const result = await compare(
  {
    ecotope: openPeer(process.execPath, [here('networks-worker.ts'), ...args], threads),
    peer: openPeer(python, [here('networks.py'), ...args], threads),
  },
  Number(rounds),
)
console.log(JSON.stringify({ name, ...result }))
