import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NumpyRandom } from '../../src/random/pcg64.ts'
import { golden } from '../independence/reference.ts'

const { random: numpy } = golden

describe('numbers are those of numpy.random.default_rng', () => {
  it('drawn in turn from one stream', () => {
    const random = new NumpyRandom(42)
    expect([...random.permutation(20)]).toEqual(numpy.permutation)
    const rows = random.shuffleRows(
      Int32Array.from({ length: 15 }, (_, i) => i),
      3,
    )
    expect([...rows]).toEqual(numpy.rows.flat())
    expect(numpy.random.map(() => random.uniform())).toEqual(numpy.random)
    expect(numpy.integers.map(() => random.integer(2 ** 31 - 1))).toEqual(numpy.integers)
    expect([1, 2, 3, 7, 1000, 2 ** 31 + 1, 2 ** 32].map((n) => random.integer(n))).toEqual(numpy.below)
    const starts = [0, 7, 14, 21, 28, 35, 42, 49]
    expect(numpy.choice.map(() => random.choice(starts))).toEqual(numpy.choice)
    expect(random.shuffle([3, 5, 7])).toEqual(numpy.floats)
    expect([...random.permutation(3000).subarray(0, 50)]).toEqual(numpy.long)
    expect(random.uniform()).toBe(numpy.after)
  })

  it('of spawned children and of large seeds', () => {
    for (const [key, values] of numpy.spawned.entries()) {
      const random = new NumpyRandom(12345, [key])
      expect(values.map(() => random.uniform())).toEqual(values)
    }
    for (const [seed, values] of Object.entries(numpy.seeds)) {
      const random = new NumpyRandom(Number(seed))
      expect(values.map(() => random.uniform())).toEqual(values)
    }
  })
})

describe('streams', () => {
  it('do not disturb each other', () => {
    const alone = new NumpyRandom(1)
    const wanted = Array.from({ length: 9 }, () => alone.word32())
    const [a, b] = [new NumpyRandom(1), new NumpyRandom(2)]
    const got = wanted.map(() => {
      b.word32()
      return a.word32()
    })
    expect(got).toEqual(wanted)
  })

  it('go on from their state, in whatever place that is', () => {
    fc.assert(
      fc.property(fc.nat({ max: 40 }), fc.nat({ max: 5000 }), (words, ahead) => {
        const random = new NumpyRandom(7)
        for (let i = 0; i < words; i++) random.word32()
        const twin = NumpyRandom.from(random.state())
        for (let i = 0; i < ahead; i++) random.uniform()
        twin.advance(ahead)
        expect(twin.word32()).toBe(random.word32())
        expect(twin.uniform()).toBe(random.uniform())
      }),
      { numRuns: 30 },
    )
  })

  it('shuffle long and short rows alike, in place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 90 }), fc.nat(), (length, seed) => {
        const items = Array.from({ length }, (_, i) => i)
        const bulk = new NumpyRandom(seed).shuffle(Int32Array.from(items))
        expect(new NumpyRandom(seed).shuffle(items)).toEqual([...bulk])
        expect([...bulk].sort((x, y) => x - y)).toEqual(Array.from({ length }, (_, i) => i))
      }),
    )
  })

  it('refuse seeds that are none', () => {
    expect(() => new NumpyRandom(-1)).toThrow(expect.objectContaining({ tag: 'BadSeed' }))
    expect(() => new NumpyRandom(1.5)).toThrow(expect.objectContaining({ tag: 'BadSeed' }))
    expect(() => new NumpyRandom(1).choice([])).toThrow(expect.objectContaining({ tag: 'NoItems' }))
  })
})
