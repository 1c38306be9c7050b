/** Time steps drawn in blocks, against the reference implementation (oracles/cause/bootstrap.py). */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawBlocks } from '../../src/series/resampling.ts'
import { samplesOf } from '../../src/series/samples.ts'
import { timeSeries } from '../../src/series/series.ts'
import { golden } from '../discovery/reference.ts'

interface Draw {
  readonly length: number
  readonly tauMax: number
  readonly block: number | 'cube_root'
  readonly seed: number
  readonly child: number
  readonly steps: readonly number[]
}

const { draws, cubes } = golden<{ draws: readonly Draw[]; cubes: readonly (readonly [number, number])[] }>('bootstrap')

const steps = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i)

test.each(draws)('$length steps in blocks of $block as the reference draws them', (draw) => {
  const column = Float64Array.from({ length: draw.length }, (_, t) => t)
  const blockLength = draw.block === 'cube_root' ? 'cube-root' : draw.block
  const resampling = { blockLength, seed: draw.seed, spawnKey: [draw.child] } as const
  const series = { ...timeSeries({ columns: [column] }), resampling }
  const { rows, points } = samplesOf(series, [[0, 0]], [[0, 0]], [], { tauMax: draw.tauMax })
  expect([...rows[0]!]).toEqual(draw.steps)
  expect([...points[0]!]).toEqual(draw.steps)
})

test('the cube root is rounded down as the reference rounds it', () => {
  for (const [count, root] of cubes) {
    if (count < 4) continue
    const drawn = drawBlocks(steps(count), { blockLength: 'cube-root', seed: 1 })
    const same = drawBlocks(steps(count), { blockLength: root, seed: 1 })
    expect([...drawn]).toEqual([...same])
  }
})

test('properties: as many steps, neighbours within blocks, the same for the same seed, others for other children', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 200 }), fc.integer({ min: 1, max: 50 }), fc.nat(), (count, length, seed) => {
      fc.pre(count > length)
      const drawn = drawBlocks(steps(count), { blockLength: length, seed, spawnKey: [3] })
      expect(drawn).toHaveLength(count)
      for (const [i, step] of drawn.entries()) {
        expect(step).toBeLessThan(count)
        if (i % length > 0) expect(step).toBe(drawn[i - 1]! + 1)
      }
      expect(drawBlocks(steps(count), { blockLength: length, seed, spawnKey: [3] })).toEqual(drawn)
    }),
  )
  const child = (b: number): Int32Array => drawBlocks(steps(50), { blockLength: 1, seed: 7, spawnKey: [b] })
  expect(child(0)).not.toEqual(child(1))
})

test('each data set is drawn by itself; one without samples stays so', () => {
  const [long, short] = [steps(40), steps(3)]
  const series = {
    ...timeSeries([{ columns: [Float64Array.from(long)] }, { columns: [Float64Array.from(short)] }]),
    resampling: { blockLength: 2, seed: 1 },
  }
  const { points } = samplesOf(series, [[0, 0]], [[0, -1]], [], { tauMax: 2 })
  expect(points.map(({ length }) => length)).toEqual([36, 0])
})

test('bad input', () => {
  const tag = (name: string): unknown => expect.objectContaining({ tag: name })
  expect(() => drawBlocks(steps(10), { blockLength: 10, seed: 1 })).toThrow(tag('BlockTooLong'))
  expect(() => drawBlocks(steps(10), { blockLength: 1.5, seed: 1 })).toThrow(tag('BadBlockLength'))
  expect(drawBlocks(steps(0), { blockLength: 3, seed: 1 })).toHaveLength(0)
})
