/**
 * Reading and writing a made-up 24 x 6 x 2048 x 2048 uint16 cube as Zarr beside zarr-python, two threads each: runs
 * interleaved, ratio of medians. Prints a line of JSON per comparison. Usage: node bench/cube/zarr.ts
 * [read|write-blosc|write-zstd|all] [rounds] [size] [folder]; PYTHON names a Python with zarr 3.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compare, openPeer, python } from '../peer.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const [which = 'all', rounds = '7', size = '2048', place] = process.argv.slice(2)
const folder = place ?? join(tmpdir(), `ecotope-bench-zarr-${size}`)
const LIMIT = 1

/** Our side, theirs, and which compression is written. */
const ROWS = [
  ['read', 'read', 'blosc'],
  ['write-blosc', 'write', 'blosc'],
  ['write-zstd', 'write', 'zstd'],
] as const

mkdirSync(folder, { recursive: true })
execFileSync(python, [here('zarr_peer.py'), 'make', folder, size], { stdio: 'inherit' })
for (const [name, mode, compression] of ROWS.filter(([row]) => which === 'all' || which === row)) {
  const result = await compare(
    {
      ecotope: openPeer(process.execPath, [here('zarr-worker.ts'), mode, folder, compression]),
      peer: openPeer(python, [here('zarr_peer.py'), mode, folder, size, compression]),
    },
    Number(rounds),
  )
  const isSame = result.ecotope.value === result.peer.value
  console.log(
    JSON.stringify({
      name: `zarr-${name}`,
      rounds: Number(rounds),
      size: Number(size),
      limit: LIMIT,
      isSame,
      ...result,
    }),
  )
}
