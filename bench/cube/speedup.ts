/**
 * Wall time of the reductions of pipeline-worker.ts with two workers over that with one: 1 over the speed-up. Prints JSON.
 * Usage: node speedup.ts ndvi|median|monthly [ROUNDS] [FOLDER]
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compare, openPeer } from '../peer.ts'

const worker = fileURLToPath(new URL('pipeline-worker.ts', import.meta.url))
const [name = 'ndvi', rounds = '5', folder = join(tmpdir(), 'ecotope-bench')] = process.argv.slice(2)
const run = (workers: string) => openPeer(process.execPath, [worker, name, folder, workers])
const result = await compare({ ecotope: run('2'), peer: run('1') }, Number(rounds))
console.log(JSON.stringify({ name, speedup: 1 / result.ratio, limit: 1.7, ...result }))
