/** The tables of docs/causes-of-displacement.md are those of the data, where the data are there. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { PAGE, TABLE, tables, withTables } from '../bench/somalia.ts'

const hasData = existsSync(TABLE)
if (!hasData) console.log('skipped: no causal4migrations_somalia in the reference data folder (set ECOTOPE_DATA)')

/** Tables as they are before the formatter pads their cells. */
const unpadded = (page: string): string => page.replace(/ +\|/g, ' |').replace(/-{3,}/g, '---')

it.skipIf(!hasData)('the page on displacement shows what is found', { timeout: 300_000 }, async () => {
  const page = readFileSync(PAGE, 'utf8')
  expect(unpadded(withTables(page, await tables()))).toBe(unpadded(page))
})
