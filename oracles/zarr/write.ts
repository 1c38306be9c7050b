/** Stores for check.py, written by our sink: node oracles/zarr/write.ts FOLDER. Deterministic; a test writes the same ones. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeCheckStores } from '../../packages/cube/test/zarr/check-stores.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error(`usage: node ${fileURLToPath(import.meta.url)} FOLDER`)
for (const name of await writeCheckStores(folder)) console.log(join(folder, name))
