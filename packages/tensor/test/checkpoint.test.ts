import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { checkpoint, grad, sin, sum, type Tensor, trace } from '../src/index.ts'
import { lowerProgram } from '../src/lower/lower.ts'
import { portable } from '../src/lower/target.ts'

function sines(fn: (x: Tensor) => Tensor): number {
  const program = trace((_, { x }) => ({ y: fn(x), g: grad((v: Tensor) => sum(fn(v)))(x) }), {
    parameters: {},
    inputs: { x: { shape: [5] } },
  })
  return lowerProgram(program, { target: portable }).nodes.filter(({ op }) => op === 'Sin').length
}

describe('checkpoint', () => {
  test('computes again in the gradient what is inside, and only that', () => {
    const inside = (x: Tensor): Tensor => sin(sin(sin(x)))
    expect(sines(inside)).toBe(3)
    // The gradient of the outermost sine needs its argument, not its value.
    expect(sines(checkpoint(inside))).toBe(5)
    expect(sines((x) => sin(checkpoint(inside)(sin(x))))).toBe(7)
  })

  test('lowers the peak memory of a deep chain, and gives the same gradient', async () => {
    const script = fileURLToPath(new URL('checkpoint-memory.ts', import.meta.url))
    const run = async (how: string): Promise<{ slope: number; peakMiB: number }> =>
      JSON.parse((await promisify(execFile)(process.execPath, [script, how])).stdout)
    const [plain, saved] = [await run('plain'), await run('checkpoint')]
    expect(saved.slope).toBe(plain.slope)
    // 36 activations of 16 MiB are kept, or 6 and then 6 again.
    expect(plain.peakMiB - saved.peakMiB).toBeGreaterThan(200)
  })
})
