import { random } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import {
  constantInit,
  createRunner,
  evaluate,
  flatten,
  heNormal,
  initialise,
  layoutOf,
  mul,
  normalInit,
  parameter,
  sum,
  trace,
  unflatten,
} from '../src/index.ts'

const tree = {
  stem: { weight: parameter([8, 3, 3, 3], heNormal()), bias: parameter([8], constantInit(0.5)) },
  blocks: [
    { w: parameter([200, 50], normalInit(0.1), { decay: false }) },
    { w: parameter([4], constantInit(0), { decay: true }) },
  ],
}

describe('parameter trees', () => {
  test('the layout follows the tree, with paths, offsets and decay', () => {
    const { leaves, size } = layoutOf(tree)
    expect(leaves.map(({ path, offset, decay }) => [path, offset, decay])).toEqual([
      ['stem.weight', 0, true],
      ['stem.bias', 216, false],
      ['blocks.0.w', 224, false],
      ['blocks.1.w', 10224, true],
    ])
    expect(size).toBe(10228)
  })

  test('first values have the wanted spread, repeat by seed, and do not depend on other leaves', () => {
    const flat = initialise(tree, random(3))
    expect(initialise(tree, random(3))).toEqual(flat)
    const parts = unflatten(tree, flat)
    expect([...parts.get('stem.bias')!.data]).toEqual(new Array(8).fill(0.5))
    const w = parts.get('blocks.0.w')!.data
    const deviation = Math.sqrt(w.reduce((total, v) => total + v * v, 0) / w.length)
    expect(deviation).toBeCloseTo(0.1, 2)
    const alone = initialise({ blocks: [tree.blocks[0]!] }, random(3))
    expect(alone).toEqual(w.slice())
  })

  test('flatten and unflatten are inverse; a missing or wrong leaf is named', () => {
    const flat = initialise(tree, random(4))
    const named = new Map([...unflatten(tree, flat)].map(([path, { data }]) => [path, data]))
    expect(flatten(tree, named)).toEqual(flat)
    named.delete('stem.bias')
    expect(() => flatten(tree, named)).toThrow(/stem\.bias needs 8 numbers \[8\], not none/)
    expect(() => unflatten(tree, new Float32Array(3))).toThrow(/has 10228 parameters, not 3/)
  })

  test('tracing hands the leaves over in the form of the tree', () => {
    const program = trace(
      (p) => {
        expect(p.stem.weight.shape).toEqual([8, 3, 3, 3])
        expect(p.blocks.map(({ w }) => w.shape)).toEqual([[200, 50], [4]])
        return { y: sum(p.stem.bias) }
      },
      { parameters: tree, inputs: {} },
    )
    expect(program.leaves.length).toBe(4)
    expect(() => trace(() => ({}), { parameters: {}, inputs: {} })).toThrow(/at least one output/)
  })

  test('a tree may be a single leaf', async () => {
    const single = parameter([2], constantInit(3))
    const program = trace((p, { x }) => ({ y: mul(p, x) }), { parameters: single, inputs: { x: { shape: [2] } } })
    expect(evaluate(program, { x: [1, 2] }, initialise(single, random(1))).y!.data).toEqual(Float64Array.of(3, 6))
    const runner = await createRunner(program, { parameters: initialise(single, random(1)), threads: 1 })
    const { y } = await runner.run({ x: Float32Array.of(1, 2) })
    await runner.close()
    expect([...y!.data]).toEqual([3, 6])
  })
})
