/** Random programs over random shapes. */

import { cast, type Shape, type Tensor } from '../../src/index.ts'
import { range } from '../../src/shape.ts'
import { type Dice, dice } from './dice.ts'
import { step } from './makers.ts'
import { Pool } from './pool.ts'

export interface RandomProgram {
  readonly shapes: readonly Shape[]
  /** The same function however often it is called, for operands of the given shapes. */
  readonly fn: (...inputs: Tensor[]) => Tensor[]
  /** Names of the steps of the last call. */
  readonly steps: string[]
}

function shapeOf(d: Dice): Shape {
  return range(0, d.int(0, 4)).map(() => d.pick([1, 2, 3, 3, 4, 5]))
}

export interface ProgramOptions {
  readonly steps?: readonly [number, number]
  readonly names?: readonly string[]
}

export function randomProgram(
  seed: number,
  { steps: [low, high] = [5, 20], names }: ProgramOptions = {},
): RandomProgram {
  const d = dice(2 * seed)
  const shapes = range(0, d.int(1, 3)).map(() => shapeOf(d))
  const count = d.int(low, high)
  const steps: string[] = []
  const fn = (...inputs: Tensor[]): Tensor[] => {
    const pool = new Pool(dice(2 * seed + 1))
    for (const x of inputs) pool.add(x, 2)
    steps.length = 0
    for (let i = 0; i < count; i++) steps.push(step(pool, names))
    const last = pool.floats.at(-1)!
    const other = pool.dice.pick(pool.floats)
    const flag = pool.bools.at(-1)
    return [last, other, ...(flag === undefined ? [] : [cast(flag, 'float32')])]
  }
  return { shapes, fn, steps }
}
