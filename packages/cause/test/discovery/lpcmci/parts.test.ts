import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCoding } from '../../../src/discovery/assumptions.ts'
import { assumedMarks } from '../../../src/discovery/lpcmci/assumptions.ts'
import { MarkedGraph } from '../../../src/discovery/lpcmci/marked-graph.ts'
import {
  ABSENT,
  anyOf,
  CIRCLE,
  EMPTY,
  farOf,
  HEAD,
  MIRROR,
  marked,
  markedOf,
  middleOf,
  nearOf,
  OPEN,
  pattern,
  TAIL,
  textOf,
  withFar,
  withMiddle,
  withNear,
} from '../../../src/discovery/lpcmci/marks.ts'
import { frozenOrder, keyOf, NodeSpace } from '../../../src/discovery/lpcmci/node-space.ts'
import { findTriples } from '../../../src/discovery/lpcmci/structures.ts'
import { subsets } from '../../../src/discovery/lpcmci/subsets.ts'

const ENDS = ['-', '<', 'o', 'x']
const links = ENDS.flatMap((near) =>
  [...'-?LR!x'].flatMap((middle) => ['-', '>', 'o', 'x'].map((far) => `${near}${middle}${far}`)),
)

describe('marks', () => {
  it('are written as they are read', () => {
    for (const link of ['', ...links]) expect(textOf(markedOf(link))).toBe(link)
    expect(new Set(links.map(markedOf)).size).toBe(96)
  })

  it('have a mirror image', () => {
    expect(textOf(MIRROR[markedOf('-L>')]!)).toBe('<L-')
    expect(textOf(MIRROR[markedOf('o!>')]!)).toBe('<!o')
    for (const link of links) expect(MIRROR[MIRROR[markedOf(link)]!]).toBe(markedOf(link))
    expect(MIRROR[ABSENT]).toBe(ABSENT)
  })

  it('change one at a time', () => {
    const link = markedOf('o?o')
    expect(textOf(withNear(link, TAIL))).toBe('-?o')
    expect(textOf(withFar(link, HEAD))).toBe('o?>')
    expect(textOf(withMiddle(link, EMPTY))).toBe('o-o')
    expect([nearOf(link), middleOf(link), farOf(link)]).toEqual([CIRCLE, OPEN, CIRCLE])
    expect(marked(CIRCLE, OPEN, CIRCLE)).toBe(link)
  })

  it('match patterns', () => {
    const fits = (wanted: string, mark: string): boolean =>
      wanted === '*' || wanted === mark || (wanted === '+' && ['<', '>', 'o'].includes(mark))
    const patterns = ['***', '**>', 'o*+', '+*o', '-!>', '*-o', '<-*', 'oR+', '']
    for (const wanted of patterns)
      for (const link of ['', ...links]) {
        const expected =
          wanted === '' || link === '' ? wanted === link : [0, 1, 2].every((at) => fits(wanted[at]!, link[at]!))
        expect(pattern(wanted)[markedOf(link)], `${wanted} ${link}`).toBe(Number(expected))
      }
    expect(anyOf('o*o', '-*>')[markedOf('-?>')]).toBe(1)
    expect(anyOf('o*o', '-*>')[markedOf('o?>')]).toBe(0)
  })
})

describe('subsets', () => {
  it('are all there are, in lexicographic order', () => {
    expect([...subsets('abcd'.split(''), 2)].map((s) => s.join(''))).toEqual(['ab', 'ac', 'ad', 'bc', 'bd', 'cd'])
    expect([...subsets([1, 2], 0)]).toEqual([[]])
    expect([...subsets([1, 2], 3)]).toEqual([])
    expect([...subsets([1, 2, 3], 1, 2)]).toEqual([[1], [2]])
    expect([...subsets([1], 1, 0)]).toEqual([])
  })

  it('are as many as the binomial coefficient says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }), (n, k) => {
        const found = [
          ...subsets(
            Array.from({ length: n }, (_, i) => i),
            k,
          ),
        ]
        let wanted = k > n ? 0 : 1
        for (let i = 0; i < Math.min(k, n); i++) wanted = (wanted * (n - i)) / (i + 1)
        expect(new Set(found.map(String)).size).toBe(wanted)
        expect(found.length).toBe(wanted)
      }),
    )
  })
})

describe('nodes', () => {
  const space = new NodeSpace(nodeCoding(3, 2))

  it('are smaller when earlier, or of a lower variable', () => {
    const [a, b, c] = [space.code(2, 1), space.code(0, 0), space.code(1, 0)]
    expect([space.smaller(a, b), space.smaller(b, c), space.smaller(c, b), space.smaller(b, b)]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('have keys as sets that ignore their order', () => {
    expect(keyOf([5, 1, 3])).toBe(keyOf([3, 5, 1]))
    expect(keyOf([5, 1])).not.toBe(keyOf([5, 1, 1]))
  })

  it('can be too many', () => {
    expect(() => new NodeSpace(nodeCoding(500, 100))).toThrow(/too many nodes/)
  })

  it('in equal sets count once', () => {
    const sets = [[1, 2], [2, 1], [3], []].map((codes) => space.set(codes))
    expect(new Set(frozenOrder(space, sets).map(({ size }) => size))).toEqual(new Set([0, 1, 2]))
    expect(frozenOrder(space, sets)).toHaveLength(3)
    expect(frozenOrder(space, sets.slice(0, 1))).toHaveLength(1)
  })
})

describe('the graph of links', () => {
  const space = new NodeSpace(nodeCoding(3, 2))
  const any = fc.array(
    fc.record({
      a: fc.integer({ min: 0, max: 2 }),
      b: fc.integer({ min: 0, max: 2 }),
      back: fc.integer({ min: 0, max: 2 }),
      link: fc.constantFrom('', ...links).map(markedOf),
    }),
    { maxLength: 20 },
  )
  const graphOf = (puts: readonly { a: number; b: number; back: number; link: number }[]): MarkedGraph => {
    const graph = new MarkedGraph(space)
    for (const { a, b, back, link } of puts)
      if (a !== b || back > 0) graph.put(space.code(a, back), space.code(b, 0), link)
    return graph
  }

  it('repeats in time and is mirrored', () => {
    fc.assert(
      fc.property(any, (puts) => {
        const graph = graphOf(puts)
        for (let a = 0; a < 3; a++)
          for (let b = 0; b < 3; b++)
            for (let back = 0; back < 3; back++) {
              const [x, y] = [space.code(a, back), space.code(b, 0)]
              expect(graph.link(y, x)).toBe(MIRROR[graph.link(x, y)])
              expect(graph.link(x + 2, y + 2)).toBe(graph.link(x, y))
            }
        expect(graph.link(space.code(0, 3), space.code(1, 0))).toBe(ABSENT)
      }),
    )
  })

  it('sees each link from both ends, whichever way it is walked', () => {
    fc.assert(
      fc.property(any, (puts) => {
        const graph = graphOf(puts)
        const count = graph.links.filter((link) => link !== ABSENT).length
        const contemporaneous = [0, 1, 2]
          .flatMap((i) => [0, 1, 2].map((j) => graph.linkOf(i, j, 0)))
          .filter(Boolean).length
        const around = graph.around().reduce((sum, { links: own }) => sum + own.length, 0)
        const everywhere = graph.everywhere().reduce((sum, { links: own }) => sum + own.length, 0)
        expect(around).toBe(2 * count - contemporaneous)
        expect(everywhere).toBe(around)
      }),
    )
  })

  it('has the triples that a search of all nodes finds', () => {
    fc.assert(
      fc.property(any, (puts) => {
        const graph = graphOf(puts)
        const nodes = Array.from({ length: 3 }, (_, v) => [0, 1, 2].map((back) => space.code(v, back))).flat()
        const wanted = nodes.flatMap((a) =>
          nodes.flatMap((b) =>
            nodes
              .filter((c) => a !== c && a !== b && b !== c && [a, b, c].some((node) => space.back[node] === 0))
              .filter((c) => pattern('**>')[graph.link(a, b)] === 1 && pattern('o*+')[graph.link(b, c)] === 1)
              .filter((c) => graph.link(a, c) === ABSENT)
              .map((c) => `${a} ${b} ${c}`),
          ),
        )
        const found = findTriples(graph, ['**>', 'o*+', '']).map((triple) => triple.join(' '))
        expect(found).toHaveLength(wanted.length)
        expect(new Set(found)).toEqual(new Set(wanted))
      }),
    )
  })
})

describe('assumptions', () => {
  const space = new NodeSpace(nodeCoding(3, 2))
  const maps = (...entries: readonly Record<string, string>[]): Map<string, string>[] =>
    entries.map((own) => new Map(Object.entries(own)))

  it('are completed', () => {
    const marks = assumedMarks(maps({ '1,0': '-?>', '0,-1': 'o?>' }, {}, {}), space, 0)!
    expect(textOf(marks[1]!.get(space.code(0, 0))!)).toBe('<?-')
    expect(marks[0]!.get(space.code(0, 1))).toBe(markedOf('o?>'))
    expect(marks[2]!.get(space.code(0, 1))).toBe(ABSENT)
    expect(assumedMarks(undefined, space, 0)).toBeUndefined()
  })

  it.each([
    ['too few maps', maps({}), 'BadAssumption'],
    ['an unknown variable', maps({ '3,0': 'o?o' }, {}, {}), 'BadAssumption'],
    ['too large a lag', maps({ '1,-3': 'o?>' }, {}, {}), 'BadAssumption'],
    ['a variable and itself now', maps({ '0,0': 'o?o' }, {}, {}), 'BadAssumption'],
    ['a positive lag', maps({ '1,1': 'o?>' }, {}, {}), 'BadAssumption'],
    ['a mark against time', maps({ '1,-1': '<--' }, {}, {}), 'BadAssumption'],
    ['no ends with a lag', maps({ '1,-1': 'o?o' }, {}, {}), 'BadAssumption'],
    ['nonsense', maps({ '1,0': '=>' }, {}, {}), 'BadAssumption'],
    ['two stories', maps({ '1,0': '-->' }, { '0,0': '-->' }, {}), 'InconsistentAssumption'],
    ['a circle', maps({ '1,0': '-?>' }, { '2,0': '-->' }, { '0,0': '-?>' }), 'CyclicAssumptions'],
    ['an ancestor that is none', maps({ '2,-1': '<?>', '1,0': '-?>' }, { '2,-1': '-->' }, {}), 'CyclicAssumptions'],
  ] as const)('with %s are refused', (_, given, tag) => {
    expect(() => assumedMarks(given, space, 0)).toThrow(expect.objectContaining({ tag }))
  })

  it('below the smallest lag are refused', () => {
    expect(() => assumedMarks(maps({ '1,0': 'o?o' }, {}, {}), space, 1)).toThrow(/cannot be used/)
  })
})
