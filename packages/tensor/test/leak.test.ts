import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const script = fileURLToPath(new URL('../../../bench/tensor/leak.ts', import.meta.url))

test('a thousand steps leak nothing: resident memory stays flat within 3 %', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, '1000', '100'])
  const resident = JSON.parse(stdout) as number[]
  expect(resident).toHaveLength(10)
  // The collector frees in steps: single readings swing, but a leak lifts the lowest of the last ones too.
  const settled = Math.max(...resident.slice(0, 3))
  expect(Math.min(...resident.slice(-3)) / settled).toBeLessThan(1.03)
})
