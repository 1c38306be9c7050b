/**
 * Compares our warps with GDAL's of warp_random.py: `node warp_random.ts FOLDER [CASE]`. A line for each case that differs
 * by more than a count in 250 or in what is missing, then how many of each method agree; with a case, where it differs.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Affine, type Grid, memoryCube, parseCrs, type Resampling, warp, wholeWindow } from '@ecotope/cube'

type Side = readonly [crs: string, affine: Affine, size: readonly [width: number, height: number]]

interface Case {
  readonly method: Resampling
  readonly holes: boolean
  readonly ratio: number
  readonly source: Side
  readonly target: Side
  readonly valid: number
}

const NODATA = -9999
/** Of the values up to 251; sums reach more. */
const COUNT = 1

const [folder = '', only] = process.argv.slice(2)
const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as Case[]

function floats(name: string): Float64Array | undefined {
  const path = join(folder, name)
  if (!existsSync(path)) return undefined
  return new Float64Array(new Uint8Array(readFileSync(path)).buffer)
}

const gridOf = ([crs, affine, [width, height]]: Side): Grid => ({ crs: parseCrs(crs), affine, width, height })

/** How far apart two results are: NaN where both are missing, Infinity where one is. */
function distance(a: number, b: number): number {
  if (Number.isNaN(a) !== Number.isNaN(b)) return Infinity
  return Math.abs(a - b)
}

const tally = new Map<string, [equal: number, all: number]>()
for (const [i, row] of cases.entries()) {
  if (only !== undefined && i !== Number(only)) continue
  const raw = new Float32Array(new Uint8Array(readFileSync(join(folder, `${i}.f4`))).buffer)
  const source = memoryCube(
    raw.map((v) => (v === NODATA ? Number.NaN : v)),
    [{ name: 'a' }],
    gridOf(row.source),
  )
  const target = gridOf(row.target)
  const ours = await warp(source, target, { resampling: row.method }).read(wholeWindow(target))
  const expected = floats(`${i}.f8`)!
  const again = floats(`${i}.again.f8`) ?? expected
  const count = tally.get(row.method) ?? [0, 0]
  tally.set(row.method, count)
  count[1]++
  let masks = 0
  let worst = 0
  let unsure = 0
  for (const [k, value] of expected.entries()) {
    const apart = distance(ours[k]!, value)
    if (!(apart > COUNT)) continue
    if (distance(value, again[k]!) > COUNT) {
      unsure++
      continue
    }
    if (apart === Infinity) masks++
    else worst = Math.max(worst, apart)
    const at = `${k % target.width}, ${Math.floor(k / target.width)}`
    if (only !== undefined) console.log(`  ${at}: ours ${ours[k]}, GDAL ${value} and ${again[k]}`)
  }
  if (masks + worst === 0) count[0]++
  else {
    const way = `${row.source[0]} to ${row.target[0]}, ratio ${row.ratio}${row.holes ? ', holes' : ''}`
    console.log(`${i} ${row.method}: ${masks} masks, values by ${worst.toFixed(2)} (unsure ${unsure}); ${way}`)
  }
}
for (const [method, [equal, all]] of tally) console.log(`${method}: ${equal} of ${all} equal`)
