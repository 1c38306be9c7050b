/** The tables of docs/causes-of-displacement.md are those of the data, where the data are there. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { PAGE, TABLE, tables, withTables } from '../bench/somalia.ts'

const hasData = existsSync(TABLE)
if (!hasData) console.log('skipped: no causal4migrations_somalia in the reference data folder (set ECOTOPE_DATA)')

it.skipIf(!hasData)('the page on displacement shows what is found', { timeout: 300_000 }, async () => {
  const page = readFileSync(PAGE, 'utf8')
  expect(withTables(page, await tables())).toBe(page)
})
