import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const script = fileURLToPath(new URL('../../../bench/tensor/leak.ts', import.meta.url))

test('a thousand steps leak nothing: resident memory stays flat within 3 %', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, '1400', '100'])
  const resident = JSON.parse(stdout) as number[]
  expect(resident).toHaveLength(14)
  // V8's heap finds its size in the first 400 steps, and how low it starts is chance. After that the collector frees
  // in steps: single readings swing, but a leak lifts the lowest of the last ones too.
  const settled = Math.max(...resident.slice(4, 7))
  expect(Math.min(...resident.slice(-3)) / settled).toBeLessThan(1.03)
})
