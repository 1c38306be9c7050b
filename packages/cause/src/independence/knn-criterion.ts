/** How well the nearest neighbours among the conditions predict Y: the score by which levels of a search are chosen. */
import { InputError } from '@ecotope/core'
import { type Samples, Y, Z } from '../series/samples.ts'
import { selectMedian } from './introselect.ts'
import { standardise } from './pairwise-sum.ts'

/** Points in a leaf of the tree that the reference searches. */
const LEAF = 30

/** First and last sample (exclusive) of each of `folds` stretches, the longer ones first. */
function stretches(count: number, folds: number): (readonly [number, number])[] {
  const [size, longer] = [Math.floor(count / folds), count % folds]
  let start = 0
  return Array.from({ length: folds }, (_, fold) => {
    const stretch = [start, start + size + (fold < longer ? 1 : 0)] as const
    start = stretch[1]
    return stretch
  })
}

/** Without conditions all points are equally near: they come as the reference's tree parts them, by halves of indices. */
function treeOrder(count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i)
  const levels = Math.floor(Math.log2(Math.max(1, (count - 1) / LEAF)) + 1)
  const halve = (from: number, to: number, level: number): void => {
    if (level >= levels) return
    const middle = from + Math.floor((to - from) / 2)
    selectMedian(order, from, middle, to, (item) => item)
    halve(from, middle, level + 1)
    halve(middle, to, level + 1)
  }
  halve(0, count, 1)
  return order
}

/** Mean of Y of the nearest training samples (Euclidean distance), for each sample of the stretch. */
function predictions(
  z: readonly Float64Array[],
  y: Float64Array,
  training: Int32Array,
  [from, to]: readonly [number, number],
  neighbours: number,
): Float64Array {
  const nearest = z.length === 0 ? treeOrder(training.length) : Int32Array.from(training, (_, i) => i)
  const distances = new Float64Array(training.length)
  return Float64Array.from({ length: to - from }, (_, offset) => {
    if (z.length > 0) {
      distances.fill(0)
      for (const row of z) {
        const own = row[from + offset]!
        for (let i = 0; i < training.length; i++) distances[i]! += (row[training[i]!]! - own) ** 2
      }
      for (let i = 0; i < nearest.length; i++) nearest[i] = i
      selectMedian(nearest, 0, neighbours - 1, nearest.length, (i) => distances[i]!)
    }
    let sum = 0
    for (let i = 0; i < neighbours; i++) sum += y[training[nearest[i]!]!]!
    return sum / neighbours
  })
}

/** Share of the variance of Y in the stretch that predictions explain. */
function explained(y: Float64Array, predicted: Float64Array): number {
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length
  const left = y.reduce((sum, value, i) => sum + (value - predicted[i]!) ** 2, 0)
  const all = y.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return all === 0 ? (left === 0 ? 1 : 0) : 1 - left / all
}

/**
 * Less the mean over folds of the explained share of variance (cross validation on stretches of time): the smaller, the better.
 * Throws `InputError` TooFewSamples.
 */
export function knnCriterion(samples: Samples, neighbours: number, folds: number): number {
  const { rows, roles, count } = samples
  const prepared = rows.map((row) => standardise(Float64Array.from(row)))
  const y = prepared[roles.indexOf(Y)]!
  const z = prepared.filter((_, row) => roles[row] === Z)
  let sum = 0
  for (const stretch of stretches(count, folds)) {
    const [from, to] = stretch
    const training = Int32Array.from({ length: count - (to - from) }, (_, i) => (i < from ? i : i + to - from))
    if (neighbours > training.length || to - from < 2)
      throw new InputError('TooFewSamples', `${count} samples are too few to predict by ${neighbours} neighbours`, {
        hint: 'Use fewer neighbours or longer series, or give one pcAlpha.',
        data: { samples: count, neighbours, folds },
      })
    sum += explained(y.subarray(from, to), predictions(z, y, training, stretch, neighbours))
  }
  return -sum / folds
}
