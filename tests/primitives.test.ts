import { expect, test } from 'vitest'
import { page, published } from '../scripts/primitives.ts'

test('docs/primitives.md is the table of the code', () => {
  expect(published(), 'if meant, run: npx node scripts/primitives.ts --write').toBe(page())
})
