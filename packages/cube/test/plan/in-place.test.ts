/** What is read into the memory of kernels gives the same cells as blocks do, whatever lies between file and kernel. */
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Cell } from '../../src/cells/cell.ts'
import { assembledSource } from '../../src/collection/assembled.ts'
import type { Slot } from '../../src/collection/assembly.ts'
import { transposedSource } from '../../src/collection/transposed.ts'
import type { ArraySource, Place } from '../../src/model/array-source.ts'
import { FLOAT32 } from '../../src/model/block.ts'
import { type CellNode, type CubeNode, type CubeSchema, type SourceNode, shapeOf } from '../../src/model/node.ts'
import type { Region } from '../../src/model/region.ts'
import { selectedSource } from '../../src/model/selected.ts'
import { evaluateRegion } from '../../src/plan/evaluate.ts'
import { ChunkReader } from '../../src/plan/reader.ts'
import { zarrSources } from '../../src/zarr/array-source.ts'
import { temporaryFolder } from '../temporary.ts'
import { sampleCells, sampleSchema, writeZarr } from '../zarr/samples.ts'
import { boxSum } from './fakes.ts'

const SIDES = { width: 40, height: 33 } as const
const TIMES = Array.from({ length: 7 }, (_, i) => `2020-01-0${i + 1}T00:00:00Z`)
let stored: ArraySource
let placed: Region[] = []

beforeEach(async () => {
  const path = join(await temporaryFolder(), 'a.zarr')
  const schema = sampleSchema({ ...SIDES, times: TIMES })
  const options = { chunks: { t: 3, y: 8, x: 16 }, shards: { t: 3, y: 8, x: 16 }, compression: 'blosc' }
  await writeZarr(path, schema, sampleCells(schema), options)
  const [source] = await zarrSources(path)
  stored = {
    ...source!,
    readTo: (region, place, work) => {
      placed.push(region)
      return source!.readTo!(region, place, work)
    },
  }
})

const sourceNode = (source: ArraySource): SourceNode => ({
  kind: 'source',
  schema: source.schema,
  label: 'stored',
  inputs: [],
  source,
})

const input = (k: number): Cell => ({ kind: 'input', input: k })

function meanOf(source: ArraySource): CellNode {
  const { dims } = source.schema
  const schema: CubeSchema = { dims: dims.slice(1), packing: FLOAT32 }
  const { name, labels } = dims[0]!
  const cell: Cell = { kind: 'reduce', reducer: 'mean', dim: name, length: labels.length, of: input(0) }
  return { kind: 'cells', label: 'mean', inputs: [sourceNode(source)], schema, cell }
}

function sumOf(sources: readonly CubeNode[]): CellNode {
  const cell: Cell = { kind: 'call', operation: 'add', args: [input(0), input(1)] }
  return { kind: 'cells', label: 'sum', inputs: sources, schema: { ...sources[0]!.schema, packing: FLOAT32 }, cell }
}

/** Any region of a node, both ways, and how often something was read into place. */
async function expectSame(root: CubeNode, least: number): Promise<void> {
  const range = (length: number) =>
    fc.tuple(fc.nat(length - 1), fc.nat(length - 1)).map(([a, b]) => [Math.min(a, b), Math.abs(a - b) + 1] as const)
  placed = []
  await fc.assert(
    fc.asyncProperty(fc.tuple(...shapeOf(root.schema).map(range)), async (ranges) => {
      const region = { start: ranges.map(([from]) => from), shape: ranges.map(([, length]) => length) }
      const before = placed.length
      const usual = await evaluateRegion(root, region)
      expect(placed.length).toBe(before)
      const alone = await evaluateRegion(root, region, { alone: true })
      expect(placed.length).toBeGreaterThanOrEqual(before + least)
      expect(alone.region).toEqual(usual.region)
      expect(alone.data).toEqual(usual.data)
    }),
    { numRuns: 30 },
  )
}

describe('what is read into the memory of kernels', () => {
  test('reductions, and elementwise over one or two arrays', async () => {
    await expectSame(meanOf(stored), 1)
    await expectSame(sumOf([sourceNode(stored), sourceNode({ ...stored })]), 2)
  })

  test('an array that is needed twice is read once, as a block', async () => {
    const twice = sourceNode(stored)
    await expectSame(sumOf([twice, twice]), 0)
    expect(placed).toEqual([])
  })

  test('labels in any order; cells that move on their way are read as blocks', async () => {
    await expectSame(meanOf(stored.narrow!(0, [5, 6, 1, 2])!), 0)
    placed = []
    await expectSame(meanOf(selectedSource(stored, 0, [4, 2, 2])!), 0)
    await expectSame(meanOf(transposedSource(stored, [1, 2, 0])), 0)
    expect(placed).toEqual([])
  })

  test('images of one file as dates or as bands', async () => {
    const { grid, packing, dims } = stored.schema
    const slots = TIMES.map((_, t): Slot => {
      const piece = { path: 'a', grid: grid!, packing, source: stored, at: [t] }
      return [{ piece, offset: { column: 0, row: 0 } }]
    })
    const bands = { type: 'other', name: 'b', labels: [0] } as const
    const assembly = { slots, rule: 'first', stored: packing, label: 'a' } as const
    const dated = assembledSource({
      ...assembly,
      schema: { ...stored.schema, dims: [dims[0]!, bands, ...dims.slice(1)] },
    })
    await expectSame(meanOf(dated), 1)
    const turned = assembledSource({ ...assembly, schema: { ...stored.schema, dims: [bands, ...dims] } })
    await expectSame(meanOf(turned), 1)
    // One step in the file, two dimensions in the cube.
    const pairs = { ...stored.schema, dims: [bands, { ...bands, name: 'c', labels: [0, 1, 2] }, ...dims.slice(1)] }
    await expectSame(meanOf(assembledSource({ ...assembly, slots: slots.slice(0, 3), schema: pairs })), 1)
    const gap = [slots[0]!, [], slots[2]!]
    const holed = { ...stored.schema, dims: [{ ...bands, labels: [0, 1, 2] }, ...dims.slice(1)] }
    placed = []
    await expectSame(meanOf(assembledSource({ ...assembly, slots: gap, schema: holed })), 0)
  })

  test('images of several files, each in its own place, by turns or in runs', async () => {
    const { grid, packing, dims } = stored.schema
    const other = { ...stored }
    const slot = (source: ArraySource, t: number): Slot => [
      { piece: { path: 'a', grid: grid!, packing, source, at: [t] }, offset: { column: 0, row: 0 } },
    ]
    const axis = (name: string, length: number) =>
      ({ type: 'other', name, labels: Array.from({ length }, (_, i) => i) }) as const
    const of = (slots: readonly Slot[], outer: CubeSchema['dims']): ArraySource => {
      const schema = { ...stored.schema, dims: [...outer, ...dims.slice(1)] }
      return assembledSource({ slots, rule: 'first', stored: packing, label: 'a', schema })
    }
    const turns = [0, 1, 2].flatMap((t) => [slot(stored, t), slot(other, t + 3)])
    await expectSame(meanOf(of(turns, [axis('a', 3), axis('b', 2)])), 1)
    const runs = [slot(stored, 0), slot(stored, 1), slot(other, 4), slot(other, 5), slot(stored, 4), slot(stored, 5)]
    await expectSame(meanOf(of(runs, [axis('a', 3), axis('b', 2)])), 3)
    await expectSame(meanOf(of(runs, [axis('a', 2), axis('b', 3)])), 2)
    await expectSame(meanOf(of(runs, [axis('a', 6)])), 3)
    const never = { ...stored, readTo: () => Promise.resolve(false) }
    await expectSame(meanOf(of([slot(stored, 3), slot(never, 0), slot(stored, 5)], [axis('a', 3)])), 1)
  })

  test('other steps than sources and one kernel take blocks, as does a reader that goes on after failures', async () => {
    await expectSame(boxSum(meanOf(stored), 1), 0)
    expect(placed).toEqual([])
    const reader = new ChunkReader({ onFailedChunk: () => undefined })
    await evaluateRegion(meanOf(stored), { start: [0, 0], shape: [5, 5] }, { alone: true, reader })
    expect(placed).toEqual([])
  })

  test('a source that cannot after all is read as a block', async () => {
    const readTo = (_region: Region, _place: Place): Promise<boolean> => Promise.resolve(false)
    const root = sumOf([sourceNode(stored), sourceNode({ ...stored, readTo })])
    await expectSame(root, 1)
  })
})
