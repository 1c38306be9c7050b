import { expect, test } from 'vitest'
import { published, specifications } from '../scripts/processes.ts'

test('docs/processes.json holds the specifications of all processes', () => {
  expect(published(), 'if meant, run: npx node scripts/processes.ts --write').toBe(specifications())
})
