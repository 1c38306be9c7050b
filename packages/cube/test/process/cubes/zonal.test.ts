/** Reducers of zones and whole images: any statistics at once, streamed or not, by one worker or by several. */
import { describe, expect, it } from 'vitest'
import { FLOAT32, FLOAT64, type Packing } from '../../../src/model/block.ts'
import { type BlockNode, type CubeNode, type Fold, foldWithin, shapeOf } from '../../../src/model/node.ts'
import { wholeRegion } from '../../../src/model/region.ts'
import { computeCube } from '../../../src/plan/compute.ts'
import { evaluateRegion } from '../../../src/plan/evaluate.ts'
import { planOf } from '../../../src/plan/plan.ts'
import { readWhole } from '../../../src/process/cubes/direct.ts'
import { features, node, other, parameter, polygon, raster, reducer } from './support.ts'

const from = (name: string) => ({ from_node: name })
const data = parameter('data')

/** Callbacks of several steps. */
const CALLBACKS = {
  quantile: {
    all: { process_id: 'quantiles', arguments: { data, probabilities: [0.1, 0.9] } },
    one: { process_id: 'array_element', arguments: { data: from('all'), index: 1 }, result: true },
  },
  spread: {
    most: { process_id: 'max', arguments: { data } },
    half: { process_id: 'median', arguments: { data } },
    diff: { process_id: 'subtract', arguments: { x: from('most'), y: from('half') }, result: true },
  },
  ratio: {
    sd: { process_id: 'sd', arguments: { data } },
    mean: { process_id: 'mean', arguments: { data } },
    part: { process_id: 'divide', arguments: { x: from('sd'), y: from('mean') }, result: true },
  },
  quartiles: {
    all: { process_id: 'quantiles', arguments: { data, q: 4 } },
    low: { process_id: 'array_element', arguments: { data: from('all'), index: 0 } },
    high: { process_id: 'array_element', arguments: { data: from('all'), index: 2 } },
    diff: { process_id: 'subtract', arguments: { x: from('high'), y: from('low') }, result: true },
  },
  valid: { count: { process_id: 'count', arguments: { data }, result: true } },
  strict: { median: { process_id: 'median', arguments: { data, ignore_nodata: false }, result: true } },
}
const callbacks = Object.entries(CALLBACKS).map(([name, graph]) => [name, { process_graph: graph }] as const)

/** The same callback in a way that has no kernel, so that it is run on the values of each zone. */
const slowly = ({ process_graph: graph }: { process_graph: object }) => ({
  process_graph: {
    look: { process_id: 'inspect', arguments: { data } },
    ...(JSON.parse(JSON.stringify(graph).replaceAll('{"from_parameter":"data"}', '{"from_node":"look"}')) as object),
  },
})

const PACKINGS: readonly Packing[] = [
  FLOAT32,
  FLOAT64,
  { dtype: 'uint16', nodata: 0, scale: 0.5, offset: 0 },
  { dtype: 'int16', nodata: -9999, scale: -2, offset: 1 },
  { dtype: 'int32', nodata: -1, scale: 1, offset: 0 },
]

const image = (packing: Packing) =>
  raster(
    120,
    90,
    (i) => (i % 11 === 0 && i % 10_800 > 5000 ? null : 2 + 2 * ((i * 31) % 1009)),
    [other('k', 0, 1)],
    packing,
  )

const zones = () =>
  features(
    polygon(400000, 5699500, 401000, 5700000),
    polygon(400500, 5699100, 401200, 5699900),
    polygon(400700, 5699600, 400800, 5699700),
    polygon(500000, 5697000, 500010, 5697010),
  )

/** Statistics rounded alike: sums are added in another order, and quantiles interpolated in another way. */
const near = (values: Iterable<number>): (number | null)[] =>
  [...values].map((x) => (Number.isNaN(x) ? null : Number(x.toPrecision(9))))

const jobOf = (made: CubeNode): BlockNode => (made.kind === 'blocks' ? made : (made.inputs[0] as BlockNode))

describe('statistics of zones', () => {
  it.each(callbacks)('%s is what the callback says of the values', async (_, callback) => {
    for (const packing of PACKINGS) {
      const args = { data: image(packing), geometries: zones() }
      const made = await node('aggregate_spatial', { ...args, reducer: callback })
      const slow = await node('aggregate_spatial', { ...args, reducer: slowly(callback) })
      expect(near((await readWhole(made)).data)).toEqual(near((await readWhole(slow)).data))
      const whole = await node('reduce_spatial', { data: args.data, reducer: callback })
      const slowWhole = await node('reduce_spatial', { data: args.data, reducer: slowly(callback) })
      expect(near((await readWhole(whole)).data)).toEqual(near((await readWhole(slowWhole)).data))
    }
  })

  it.each(callbacks)('%s is the same from more pixels than the budget holds', async (_, callback) => {
    for (const packing of PACKINGS) {
      const args = { data: image(packing), geometries: zones(), target_dimension: 'n', reducer: callback }
      for (const made of [
        await node('aggregate_spatial', args),
        await node('reduce_spatial', { data: args.data, reducer: callback }),
      ]) {
        const budgetBytes = 600_000
        const { data: cells } = await computeCube(made, { budgetBytes })
        expect(near(cells)).toEqual(near((await readWhole(made)).data))
      }
    }
  })

  it('no values are kept of order statistics of large zones', async () => {
    const made = await node('reduce_spatial', { data: image(FLOAT32), reducer: callbacks[3]![1] })
    const job = jobOf(made)
    const fold = foldWithin(job, 20_000)!
    expect(fold.stateBytes!(wholeRegion(shapeOf(job.schema)))).toBeLessThan(40_000)
  })

  it('what sums of an image take is known, so that it is read in pieces', async () => {
    const made = await node('reduce_spatial', { data: image(FLOAT32), reducer: reducer('mean') })
    expect(planOf(made, { budgetBytes: 300_000 }).costs.peakBytes).toBeGreaterThan(40_000)
  })

  it.each([...callbacks, ['mean', reducer('mean')] as const])(
    '%s of pieces that workers share',
    async (_, callback) => {
      for (const packing of PACKINGS) {
        const args = { data: image(packing), geometries: zones(), target_dimension: 'n', reducer: callback }
        const job = jobOf(await node('aggregate_spatial', args))
        const region = wholeRegion(shapeOf(job.schema))
        const found = await sharedBy(3, job, foldWithin(job, 12_000)!, region)
        expect(near(found)).toEqual(near((await readWhole(job)).data))
      }
    },
  )
})

/** A fold whose pieces are dealt to several states, with all that crosses between them cloned. */
async function sharedBy(workers: number, job: BlockNode, fold: Fold, region: ReturnType<typeof wholeRegion>) {
  const shared = fold.shared!(region)!
  const main = fold.begin(region)
  do {
    const pieces = [...fold.pieces(region)]
    expect(pieces.length).toBeGreaterThan(workers)
    for (let w = 0; w < workers; w++) {
      const own = shared.resume(structuredClone(shared.progress(main)), Math.floor((w * pieces.length) / workers))
      for (const piece of pieces.slice((w * pieces.length) / workers, ((w + 1) * pieces.length) / workers)) {
        const inputs = piece.map((need, i) => need && evaluateRegion(job.inputs[i]!, need))
        await fold.add(own, await Promise.all(inputs), {})
      }
      shared.join(main, structuredClone(shared.found(own)))
    }
  } while (fold.again?.(main))
  return (await fold.end(main, {})).data
}
