/** Our Blosc containers for blosc.py: node oracles/zarr/blosc.ts FOLDER. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeBlosc } from '../../packages/cube/src/codecs/blosc.ts'
import { CASES, inputOf, nameOf } from '../../packages/cube/test/codecs/blosc-golden.ts'

const [folder = '.'] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
for (const one of CASES) {
  writeFileSync(join(folder, `${nameOf(one)}.blosc`), encodeBlosc(inputOf(one), { ...one, clevel: 5 }))
}
