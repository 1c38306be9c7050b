import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HashList, pushFrozenSet, pushIntegers, pushTuple } from '../../../src/discovery/lpcmci/hashing.ts'
import { OrderedSet } from '../../../src/discovery/lpcmci/set-order.ts'

type N = readonly [variable: number, lag: number]

interface Orders {
  /** Lists a and b; sets of them, union, intersection, difference, with deleted and added elements, of several. */
  readonly operations: readonly (readonly N[])[][]
  readonly triples: readonly (readonly [given: readonly N[][], order: readonly N[][]])[]
  readonly integers: readonly (readonly [given: readonly number[][], order: readonly number[][]])[]
  readonly frozen: readonly (readonly [given: readonly N[][], order: readonly N[][]])[]
}

const orders: Orders = JSON.parse(
  readFileSync(new URL('../../../../../oracles/cause/lpcmci_sets.json', import.meta.url), 'utf8'),
)
const SIDE = 6
const nodes = new HashList()
for (let variable = 0; variable < SIDE; variable++)
  for (let back = 0; back < SIDE; back++) pushIntegers(nodes, [variable, 0 - back])
const element = ([variable, lag]: N): number => variable * SIDE - lag
const elements = (list: readonly N[]): number[] => list.map(element)

/** The order of a set of these things, as positions of their first occurrence. */
function order<T>(
  given: readonly T[],
  key: (thing: T) => string,
  push: (hashes: HashList, thing: T) => number,
): string[] {
  const hashes = new HashList()
  const known = new Map<string, number>()
  const names: string[] = []
  const set = new OrderedSet(hashes)
  for (const thing of given) {
    const name = key(thing)
    if (!known.has(name)) {
      known.set(name, push(hashes, thing))
      names.push(name)
    }
    set.add(known.get(name)!)
  }
  return set.list().map((at) => names[at]!)
}

describe('the order of sets', () => {
  it('is that of CPython after any operation', () => {
    for (const [a, b, ...wanted] of orders.operations) {
      const [x, y] = [new OrderedSet(nodes, elements(a!)), new OrderedSet(nodes, elements(b!))]
      const [union, common, left] = [x.union(y), x.intersection(y), x.difference(y)]
      const less = union.copy()
      for (const each of b!.slice(0, b!.length >> 1)) less.delete(element(each))
      const more = less.copy()
      for (const each of a!.slice(0, 3)) more.add(element(each))
      const ends = new OrderedSet(nodes, elements([...a!.slice(0, 1), ...b!.slice(0, 1)]))
      const mixed = union.union(more, left).difference(ends)
      expect([x, y, union, common, left, less, more, mixed].map((set) => set.list())).toEqual(wanted.map(elements))
    }
  })

  it('is that of CPython for triples of nodes', () => {
    const key = (triple: readonly N[]): string => JSON.stringify(triple)
    for (const [given, wanted] of orders.triples)
      expect(order(given, key, (hashes, triple) => pushTuple(hashes, nodes, elements(triple)))).toEqual(wanted.map(key))
  })

  it('is that of CPython for tuples of integers', () => {
    for (const [given, wanted] of orders.integers)
      expect(order(given, String, pushIntegers)).toEqual(wanted.map(String))
  })

  it('is that of CPython for frozen sets', () => {
    const key = (set: readonly N[]): string => String([...new Set(elements(set))].sort((a, b) => a - b))
    for (const [given, wanted] of orders.frozen) {
      const push = (hashes: HashList, set: readonly N[]): number =>
        pushFrozenSet(hashes, nodes, [...new Set(elements(set))])
      expect(order(given, key, push)).toEqual(wanted.map(key))
    }
  })
})

describe('ordered sets', () => {
  const lists = fc.array(fc.integer({ min: 0, max: SIDE * SIDE - 1 }), { maxLength: 60 })
  const sorted = (list: Iterable<number>): number[] => [...list].sort((a, b) => a - b)

  it('hold what sets hold', () => {
    fc.assert(
      fc.property(lists, lists, lists, (a, b, gone) => {
        const [x, y] = [new OrderedSet(nodes, a), new OrderedSet(nodes, b)]
        const [p, q] = [new Set(a), new Set(b)]
        for (const each of gone) {
          x.delete(each)
          p.delete(each)
        }
        expect(x.size).toBe(p.size)
        expect(sorted(x.list())).toEqual(sorted(p))
        expect(sorted(x.union(y).list())).toEqual(sorted(new Set([...p, ...q])))
        expect(sorted(x.intersection(y).list())).toEqual(sorted([...p].filter((each) => q.has(each))))
        expect(sorted(x.difference(y).list())).toEqual(sorted([...p].filter((each) => !q.has(each))))
        expect(x.isSubsetOf(y)).toBe([...p].every((each) => q.has(each)))
        expect(a.every((each) => x.has(each) === p.has(each))).toBe(true)
      }),
    )
  })

  it('do not change with their copies', () => {
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        const set = new OrderedSet(nodes, a)
        const before = set.list()
        const copy = set.copy()
        for (const each of b) copy.add(each)
        for (const each of a) copy.delete(each)
        expect(set.list()).toEqual(before)
        expect(set.union(set).list()).toHaveLength(before.length)
        expect(set.difference(set).size).toBe(0)
        expect(set.intersection(set).size).toBe(set.size)
      }),
    )
  })

  it('survive many elements', () => {
    const hashes = new HashList()
    const set = new OrderedSet(hashes)
    for (let k = 0; k < 3000; k++) set.add(pushIntegers(hashes, [k, -(k % 7)]))
    expect(set.size).toBe(3000)
    expect(sorted(set.list())).toEqual(Array.from({ length: 3000 }, (_, k) => k))
  })
})
