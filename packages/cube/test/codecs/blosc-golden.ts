/** Inputs and our containers of them, which `oracles/zarr/blosc.py` has decoded with c-blosc. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeBlosc } from '../../src/codecs/blosc.ts'
import { owned } from '../../src/codecs/kernel.ts'

interface Case {
  readonly cname: 'lz4' | 'zstd' | 'zlib'
  readonly shuffle: 'noshuffle' | 'shuffle' | 'bitshuffle'
  readonly typesize: number
  readonly length: number
}

export const CASES: readonly Case[] = (['lz4', 'zstd', 'zlib'] as const).flatMap((cname) =>
  (['noshuffle', 'shuffle', 'bitshuffle'] as const).flatMap((shuffle) =>
    [1, 2, 4, 8].flatMap((typesize) => [1003, 600_003].map((length) => ({ cname, shuffle, typesize, length }))),
  ),
)

/** Slow waves with a little noise. */
export const inputOf = ({ length }: Case): Uint8Array =>
  Uint8Array.from({ length }, (_, k) => Math.round(100 + 60 * Math.sin(k / 500)) + ((Math.imul(k, 40503) >> 8) & 3))

export const nameOf = ({ cname, shuffle, typesize, length }: Case): string =>
  `${cname}-${shuffle}-${typesize}-${length}`

export const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex').slice(0, 16)

/** The cases whose containers c-blosc has read as `inputOf`; throws where a golden says otherwise. */
export function parseBloscGolden(): { data: Uint8Array; encoded: Uint8Array }[] {
  const path = join(import.meta.dirname, '../../../../oracles/zarr/blosc.json')
  const golden = JSON.parse(readFileSync(path, 'utf8')) as { decoded: Record<string, string> }
  return CASES.map((one) => {
    const data = inputOf(one)
    if (golden.decoded[nameOf(one)] !== digest(data)) throw new Error(`c-blosc reads ${nameOf(one)} otherwise`)
    return { data, encoded: owned(encodeBlosc(data, { ...one, clevel: 5 })) }
  })
}
