/** Where the reference data lies, and whether it is there. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')

/** The folder of reference data: `ECOTOPE_DATA`, else beside the repository. */
export const dataFolder = resolve(root, process.env.ECOTOPE_DATA ?? '../shared/data')

/** Whether a data set is there; says so once where it is not, so that a skipped test has a reason. */
export function hasData(name: string): boolean {
  const found = existsSync(join(dataFolder, name))
  if (!found) console.log(`skipped: no ${name} in the reference data folder (set ECOTOPE_DATA)`)
  return found
}
