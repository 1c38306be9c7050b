/**
 * Which regime each time step belongs to, given the cost of each regime at each step and a bound on the number of times that
 * steps enter or leave any one regime (Saggioro, de Wiljes, Kretschmer, Runge 2020, equation 6).
 *
 * Both ways rest on dynamic programming over (time, regime): `wholeAssignment` also counts transitions and is exact in whole
 * regimes; `relaxedAssignment` allows shares of regimes, the linear program of the reference. The program's optimum is a
 * mixture of few paths: they are found one at a time by the shortest path under the prices of transitions (Dantzig and
 * Wolfe 1960), so a program of thousands of variables becomes one of as many rows as there are regimes, plus one.
 */
import { EnvironmentError, InputError } from '@ecotope/core'

export interface Assignment {
  /** For each regime the share of each time step, in [0, 1]; they sum to 1 over regimes. */
  readonly shares: Float64Array[]
  readonly cost: number
}

export type Assign = (costs: readonly Float64Array[], maxTransitions: number) => Assignment

/** A regime for each step. */
interface Path {
  readonly regimes: Uint8Array
  readonly cost: number
  /** Times that each regime is entered or left. */
  readonly transitions: Float64Array
}

function pathOf(costs: readonly Float64Array[], regimes: Uint8Array): Path {
  const transitions = new Float64Array(costs.length)
  let cost = 0
  for (let t = 0; t < regimes.length; t++) {
    const now = regimes[t]!
    cost += costs[now]![t]!
    if (t === 0 || now === regimes[t - 1]) continue
    transitions[now]!++
    transitions[regimes[t - 1]!]!++
  }
  return { regimes, cost, transitions }
}

/** The path of least cost where each transition of regime k costs `prices[k]`; with a tie it stays where it is. */
function cheapestPath(costs: readonly Float64Array[], prices: Float64Array): Path {
  const [count, length] = [costs.length, costs[0]!.length]
  const from = new Uint8Array(count * length)
  let best = Float64Array.from(costs, (cost) => cost[0]!)
  let next = new Float64Array(count)
  for (let t = 1; t < length; t++) {
    for (let k = 0; k < count; k++) {
      let [least, origin] = [best[k]!, k]
      for (let l = 0; l < count; l++) {
        if (l === k) continue
        const total = best[l]! + prices[l]! + prices[k]!
        if (total < least) [least, origin] = [total, l]
      }
      next[k] = least + costs[k]![t]!
      from[t * count + k] = origin
    }
    ;[best, next] = [next, best]
  }
  const regimes = new Uint8Array(length)
  regimes[length - 1] = best.indexOf(Math.min(...best))
  for (let t = length - 1; t > 0; t--) regimes[t - 1] = from[t * count + regimes[t]!]!
  return pathOf(costs, regimes)
}

/** The best of the paths that stay in one regime. */
function steadiestPath(costs: readonly Float64Array[]): Path {
  const paths = costs.map((cost, k) => pathOf(costs, new Uint8Array(cost.length).fill(k)))
  return paths.reduce((best, path) => (path.cost < best.cost ? path : best))
}

/** A column of the program: a path, or the slack of a row. */
interface Column {
  readonly entries: Float64Array
  readonly cost: number
  readonly path?: Path
}

/** Solves a small square system by elimination with pivots; `transposed`: of the rows given as columns. */
function solve(columns: readonly Float64Array[], right: Float64Array, transposed: boolean): Float64Array {
  const size = right.length
  const at = (i: number, j: number): number => (transposed ? columns[i]![j]! : columns[j]![i]!)
  const rows = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size + 1 }, (_, j) => (j < size ? at(i, j) : right[i]!)),
  )
  for (let k = 0; k < size; k++) {
    let pivot = k
    for (let i = k + 1; i < size; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i
    ;[rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!]
    for (let i = 0; i < size; i++) {
      const factor = i === k ? 0 : rows[i]![k]! / rows[k]![k]!
      if (factor !== 0) for (let j = k; j <= size; j++) rows[i]![j] = rows[i]![j]! - factor * rows[k]![j]!
    }
  }
  return Float64Array.from(rows, (row, k) => row[size]! / row[k]!)
}

const TOLERANCE = 1e-11
/** The simplex method needs about as many steps as there are different numbers of transitions; this bound is never near. */
const MOST_STEPS = 20_000

/** Exact in shares. Throws `InputError` BadCosts, BadTransitions. */
export const relaxedAssignment: Assign = (costs, maxTransitions) => {
  checkCosts(costs, maxTransitions)
  const steady = steadiestPath(costs)
  if (maxTransitions === 0) return mixture(costs, [[1, steady]])
  const right = new Float64Array(costs.length + 1).fill(maxTransitions)
  right[costs.length] = 1
  const slacks = costs.map((_, k): Column => {
    const entries = new Float64Array(costs.length + 1)
    entries[k] = 1
    return { entries, cost: 0 }
  })
  const basis: Column[] = [...slacks, columnOf(steady)]
  const scale = 1 + costs.reduce((sum, cost) => cost.reduce((most, value) => Math.max(most, value), sum), 0)
  for (let step = 0; step < MOST_STEPS; step++) {
    const entries = basis.map((column) => column.entries)
    const amounts = solve(entries, right, false)
    const duals = solve(
      entries,
      Float64Array.from(basis, ({ cost }) => cost),
      true,
    )
    const entering = improving(costs, duals, slacks, TOLERANCE * scale)
    if (entering === undefined)
      return mixture(
        costs,
        basis.flatMap(({ path }, i): [number, Path][] => (path === undefined ? [] : [[amounts[i]!, path]])),
      )
    basis[leaving(amounts, solve(entries, entering.entries, false))] = entering
  }
  throw new EnvironmentError('NoConvergence', `the assignment of regimes did not settle in ${MOST_STEPS} steps`, {
    hint: 'Use another number of transitions, or assignment `whole`.',
  })
}

const columnOf = (path: Path): Column => ({
  entries: Float64Array.from([...path.transitions, 1]),
  cost: path.cost,
  path,
})

/** A column that lowers the cost, if there is one. */
function improving(
  costs: readonly Float64Array[],
  duals: Float64Array,
  slacks: readonly Column[],
  tolerance: number,
): Column | undefined {
  const wrong = slacks.findIndex((_, k) => duals[k]! > tolerance)
  if (wrong >= 0) return slacks[wrong]
  const prices = duals.subarray(0, slacks.length).map((dual) => Math.max(0, -dual))
  const path = cheapestPath(costs, prices)
  const reduced =
    path.transitions.reduce((sum, times, k) => sum + times * prices[k]!, path.cost) - duals[slacks.length]!
  return reduced < -tolerance ? columnOf(path) : undefined
}

/** The row that bounds the step; among equals that of the largest pivot. */
function leaving(amounts: Float64Array, direction: Float64Array): number {
  let [row, least] = [-1, Number.POSITIVE_INFINITY]
  for (let i = 0; i < direction.length; i++) {
    if (direction[i]! < 1e-9) continue
    const ratio = Math.max(0, amounts[i]!) / direction[i]!
    if (ratio < least - 1e-12 || (ratio < least + 1e-12 && direction[i]! > direction[row]!)) [row, least] = [i, ratio]
  }
  return row
}

function mixture(
  costs: readonly Float64Array[],
  parts: readonly (readonly [weight: number, path: Path])[],
): Assignment {
  const used = parts.filter(([weight]) => weight > 1e-12)
  const total = used.reduce((sum, [weight]) => sum + weight, 0)
  const shares = costs.map((cost) => new Float64Array(cost.length))
  for (const [weight, { regimes }] of used) for (const [t, k] of regimes.entries()) shares[k]![t]! += weight / total
  for (const share of shares) for (const [t, value] of share.entries()) if (value > 1 - 1e-12) share[t] = 1
  return { shares, cost: used.reduce((sum, [weight, path]) => sum + (weight / total) * path.cost, 0) }
}

/** Bytes of the table of origins that may be filled. */
const MOST_BYTES = 5e8

/** Exact in whole regimes. Throws `InputError` BadCosts, BadTransitions, TooManyStates (many regimes and transitions). */
export const wholeAssignment: Assign = (costs, maxTransitions) => {
  checkCosts(costs, maxTransitions)
  const [count, length] = [costs.length, costs[0]!.length]
  const most = Math.min(maxTransitions, length - 1)
  // With two regimes both are entered and left alike, so one count serves.
  const strides = costs.map((_, k) => (count === 2 ? Number(k === 0) : (most + 1) ** k))
  const states = count === 2 ? most + 1 : (most + 1) ** count
  if (states * count * length > MOST_BYTES)
    throw new InputError('TooManyStates', `${count} regimes with ${most} transitions each have too many combinations`, {
      hint: 'Use fewer regimes or transitions, or assignment `relaxed`.',
      data: { regimes: count, maxTransitions },
    })
  const from = new Uint8Array(states * count * length)
  let best = new Float64Array(states * count).fill(Number.POSITIVE_INFINITY)
  for (let k = 0; k < count; k++) best[k] = costs[k]![0]!
  let next = new Float64Array(states * count)
  const room = roomOf(strides, states, most, count)
  for (let t = 1; t < length; t++) {
    for (let state = 0; state < states; state++)
      for (let k = 0; k < count; k++) {
        const at = state * count + k
        let [least, origin] = [best[at]!, k]
        for (let l = 0; l < count; l++) {
          if (l === k || room[state * count + k] === 0 || room[state * count + l] === 0) continue
          const total = best[(state - strides[k]! - strides[l]!) * count + l]!
          if (total < least) [least, origin] = [total, l]
        }
        next[at] = least + costs[k]![t]!
        from[t * states * count + at] = origin
      }
    ;[best, next] = [next, best]
  }
  return mixture(costs, [[1, traced(costs, best, from, strides, states)]])
}

/** 1 where regime k has at least one transition in a state. */
function roomOf(strides: readonly number[], states: number, most: number, count: number): Uint8Array {
  const room = new Uint8Array(states * count)
  for (let state = 0; state < states; state++)
    for (let k = 0; k < count; k++)
      room[state * count + k] = Number((count === 2 ? state : Math.floor(state / strides[k]!) % (most + 1)) > 0)
  return room
}

function traced(
  costs: readonly Float64Array[],
  best: Float64Array,
  from: Uint8Array,
  strides: readonly number[],
  states: number,
): Path {
  const [count, length] = [costs.length, costs[0]!.length]
  let at = best.reduce((least, value, i) => (value < best[least]! ? i : least), 0)
  const regimes = new Uint8Array(length)
  for (let t = length - 1; t >= 0; t--) {
    const k = at % count
    regimes[t] = k
    const origin = from[t * states * count + at]!
    if (t > 0 && origin !== k) at = (Math.floor(at / count) - strides[k]! - strides[origin]!) * count + origin
  }
  return pathOf(costs, regimes)
}

function checkCosts(costs: readonly Float64Array[], maxTransitions: number): void {
  const length = costs[0]?.length ?? 0
  const good = costs.length <= 255 && length > 0 && costs.every((cost) => cost.length === length)
  if (!good)
    throw new InputError('BadCosts', `costs of ${costs.length} regimes must be 1 to 255 arrays of one length`, {
      data: { regimes: costs.length },
    })
  if (Number.isInteger(maxTransitions) && maxTransitions >= 0) return
  throw new InputError('BadTransitions', `${maxTransitions} transitions: give a whole number of at least 0`, {
    data: { maxTransitions },
  })
}
