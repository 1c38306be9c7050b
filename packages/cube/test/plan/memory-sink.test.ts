import { describe, expect, it } from 'vitest'
import type { CubeSchema } from '../../src/model/node.ts'
import { memorySink } from '../../src/plan/memory-sink.ts'

const MB = 2 ** 20

/** 128 MB of float32. */
const schema: CubeSchema = {
  dims: [{ type: 'other', name: 'cell', labels: Array.from({ length: 32 }, (_, i) => i) }],
  packing: { dtype: 'float32', scale: 1, offset: 0 },
}
const large: CubeSchema = {
  ...schema,
  dims: [...schema.dims, { type: 'other', name: 'more', labels: Array.from({ length: MB }, (_, i) => i) }],
}

async function made(): Promise<number> {
  const { sink, result } = memorySink()
  await sink.create('memory', large, { job: 'a', options: {} })
  return result().length
}

describe('results in memory', () => {
  it('of which nobody holds any longer make room for the next', async () => {
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 6; i++) {
      expect(await made()).toBe(32 * MB)
      // Objects live on for the task in which they were made.
      await new Promise((resolve) => setTimeout(resolve))
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3 * 128 * MB)
  })
})
