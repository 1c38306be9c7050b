import { describe, expect, it } from 'vitest'
import { compile, kernels, published } from '../scripts/kernels.ts'

describe('byte kernels', () => {
  it.each(kernels())('$target is what its source compiles to', async (kernel) => {
    expect(published(kernel), 'if meant, run: npx node scripts/kernels.ts --write').toBe(await compile(kernel))
  })
})
