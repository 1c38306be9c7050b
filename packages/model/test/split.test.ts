import { random, type Warning } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseValidation, isTestBlock, parseSplit, type Role, type SubBlock, splitPlan } from '../src/index.ts'

const checkerboard = parseSplit('blocks:128:checkerboard')

describe('reading a split', () => {
  test.each([
    ['blocks:128:checkerboard', { arrangement: 'checkerboard', blockPixels: 128, testShare: 0.5 }],
    ['blocks:128', { arrangement: 'checkerboard', blockPixels: 128, testShare: 0.5 }],
    [' blocks:64:random ', { arrangement: 'random', blockPixels: 64, testShare: 0.3 }],
    ['blocks:64:random:0.2', { arrangement: 'random', blockPixels: 64, testShare: 0.2 }],
    ['random-pixels', { arrangement: 'random', blockPixels: 1, testShare: 0.3 }],
    ['random-pixels:0.5', { arrangement: 'random', blockPixels: 1, testShare: 0.5 }],
  ])('%s', (text, expected) => {
    expect(parseSplit(text)).toMatchObject(expected)
  })

  test.each(['random', 'random:0.3'])('%s is refused, with what to write instead', (text) => {
    expect(() => parseSplit(text)).toThrow(
      expect.objectContaining({ tag: 'SplitRefused', hint: expect.stringContaining('blocks:128:checkerboard') }),
    )
  })

  test('single pixels by name are done with a warning', () => {
    const warnings: Warning[] = []
    parseSplit('random-pixels:0.3', (warning) => warnings.push(warning))
    expect(warnings).toMatchObject([{ tag: 'RandomPixels' }])
    parseSplit('blocks:64:random', (warning) => warnings.push(warning))
    expect(warnings).toHaveLength(1)
  })

  test.each([
    '',
    'blocks',
    'blocks:4:checkerboard',
    'blocks:12.5:checkerboard',
    'blocks:x:random',
    'blocks:128:chequered',
    'blocks:128:checkerboard:0.5',
    'blocks:64:random:1',
    'blocks:64:random:0.3:1',
    'random-pixels:0',
    'random-pixels:0.3:2',
    'kfold:5',
  ])("'%s' is no split", (text) => {
    expect(() => parseSplit(text)).toThrow(expect.objectContaining({ tag: 'SplitInvalid' }))
  })
})

describe('which blocks test', () => {
  test('checkerboard: where block row + block column is odd, also above and left of the grid', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5000, max: 5000 }), fc.integer({ min: -5000, max: 5000 }), (row, column) => {
        const odd = Math.abs(Math.floor(row / 128) + Math.floor(column / 128)) % 2 === 1
        expect(splitPlan(checkerboard, 1, []).roleAt(row, column)).toBe(odd ? 'test' : 'train')
      }),
    )
  })

  test('random: the share that was asked for, another choice for another seed, the same for the same', () => {
    const spec = parseSplit('blocks:64:random:0.3')
    const choice = (seed: number): boolean[] =>
      Array.from({ length: 10_000 }, (_, i) => isTestBlock(spec, seed, Math.floor(i / 100), i % 100))
    const share = choice(1).filter(Boolean).length / 10_000
    expect(Math.abs(share - 0.3)).toBeLessThan(0.02)
    expect(choice(1)).toEqual(choice(1))
    const [one, two] = [choice(1), choice(2)]
    const both = one.filter((v, i) => v && two[i]).length / 10_000
    expect(Math.abs(both - 0.09)).toBeLessThan(0.02)
  })

  test('a block has one role but for its validation pieces, whatever the order of the questions', () => {
    const specs = ['blocks:9:checkerboard', 'blocks:16:random:0.4', 'random-pixels:0.3'].map((text) => parseSplit(text))
    fc.assert(
      fc.property(
        fc.constantFrom(...specs),
        fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { minLength: 2, maxLength: 40 }),
        (spec, points) => {
          const validation = ['0:0', '1:3', '2:2', '5:0']
          const plan = splitPlan(spec, 7, validation)
          const role = ([row, column]: readonly [number, number]): Role => plan.roleAt(row, column)
          const fresh = (p: readonly [number, number]): Role => splitPlan(spec, 7, validation).roleAt(...p)
          expect(points.map(role)).toEqual(points.map(fresh))
          for (const [row, column] of points) {
            const block = plan.blockAt(row, column)
            const piece = plan.subBlockAt(row, column)
            const tests = isTestBlock(spec, 7, block.row, block.column)
            const expected = tests
              ? 'test'
              : validation.includes(`${piece.row}:${piece.column}`)
                ? 'validation'
                : 'train'
            expect(role([row, column])).toBe(expected)
          }
        },
      ),
    )
  })

  test('sub-blocks lie within blocks, also where a block has an odd extent', () => {
    for (const blockPixels of [8, 9, 33]) {
      const plan = splitPlan(parseSplit(`blocks:${blockPixels}:checkerboard`), 1, [])
      const blocksOf = new Map<number, Set<number>>()
      for (let at = 0; at < 200; at++) {
        const piece = plan.subBlockAt(at, 0).row
        blocksOf.set(piece, (blocksOf.get(piece) ?? new Set()).add(plan.blockAt(at, 0).row))
      }
      expect([...blocksOf.values()].every((blocks) => blocks.size === 1)).toBe(true)
    }
  })

  test('addresses that were altered are refused', () => {
    expect(() => splitPlan(checkerboard, 1, ['3'])).toThrow(expect.objectContaining({ tag: 'SplitInvalid' }))
  })
})

const subBlocks = (classes: number) =>
  fc
    .array(fc.array(fc.nat(500), { minLength: classes, maxLength: classes }), { maxLength: 40 })
    .map((all) => all.map((counts, i): SubBlock => ({ row: Math.floor(i / 8), column: i % 8, counts })))

describe('choosing validation', () => {
  test('no class gives up more than half of its training pixels', () => {
    fc.assert(
      fc.property(subBlocks(4), fc.double({ min: 0.01, max: 0.9, noNaN: true }), fc.nat(), (blocks, share, seed) => {
        const chosen = new Set(chooseValidation(blocks, 4, share, random(seed)))
        for (let k = 0; k < 4; k++) {
          const sum = (list: readonly SubBlock[]): number => list.reduce((total, b) => total + b.counts[k]!, 0)
          const taken = sum(blocks.filter((b) => chosen.has(`${b.row}:${b.column}`)))
          expect(taken).toBeLessThanOrEqual(sum(blocks) / 2)
        }
      }),
    )
  })

  test('a class in many pieces gets its share, a rare one is not left out', () => {
    const blocks = Array.from({ length: 100 }, (_, i) => ({
      row: Math.floor(i / 10),
      column: i % 10,
      counts: [1000, i % 20 === 0 ? 10 : 0],
    }))
    const chosen = new Set(chooseValidation(blocks, 2, 0.2, random(3)))
    const taken = blocks.filter((b) => chosen.has(`${b.row}:${b.column}`))
    const rare = taken.reduce((total, b) => total + b.counts[1]!, 0)
    expect(rare).toBeGreaterThanOrEqual(10)
    expect(rare).toBeLessThanOrEqual(25)
    expect(taken.length).toBeGreaterThanOrEqual(20)
    expect(taken.length).toBeLessThanOrEqual(25)
  })

  test('is the same for the same seed and another for another', () => {
    const blocks = Array.from({ length: 64 }, (_, i) => ({ row: Math.floor(i / 8), column: i % 8, counts: [100] }))
    const choice = (seed: number): string[] => chooseValidation(blocks, 1, 0.2, random(seed))
    expect(choice(1)).toEqual(choice(1))
    expect(choice(1)).not.toEqual(choice(2))
  })

  test('a class that lives in one piece stays in training', () => {
    const blocks = [
      { row: 0, column: 0, counts: [50, 40] },
      { row: 0, column: 1, counts: [50, 0] },
      { row: 1, column: 0, counts: [50, 0] },
    ]
    expect(chooseValidation(blocks, 2, 0.3, random(1))).not.toContain('0:0')
  })
})
