/**
 * The direction between two variables by additive noise (Hoyer, Janzing, Mooij, Peters & Schölkopf 2008, NIPS 21): where
 * y = f(x) + noise with noise independent of x, hardly ever x = g(y) + noise with noise independent of y.
 */
import { InputError } from '@ecotope/core'
import { type Curve, residualsBy } from './curves.ts'
import { type HsicOptions, type HsicTest, hsicSample, hsicTest } from './hsic.ts'

export interface AdditiveNoiseOptions extends HsicOptions {
  /** Default: a Gaussian process. */
  readonly curve?: Curve
  /** A model is rejected where its residuals are dependent at this level; default 0.05. */
  readonly alpha?: number
}

/**
 * `forward`: x causes y. `undecided`: neither model is rejected (linear and Gaussian, too little noise, too few samples).
 * `neither`: both are (hidden common cause, noise that is not additive, feedback).
 */
export type Direction = 'forward' | 'backward' | 'undecided' | 'neither'

export interface AdditiveNoise {
  readonly direction: Direction
  /** Test of the residuals of y given x against x. */
  readonly forward: HsicTest
  readonly backward: HsicTest
  /** What the less dependent residuals speak for, where the test is undecided. */
  readonly tendency: 'forward' | 'backward'
}

const decisions: Readonly<Record<`${boolean},${boolean}`, Direction>> = {
  'true,true': 'undecided',
  'true,false': 'forward',
  'false,true': 'backward',
  'false,false': 'neither',
}

/** Throws `InputError` TooFewSamples, ConstantSample, ColumnLength. */
export function additiveNoise(x: Float64Array, y: Float64Array, options: AdditiveNoiseOptions = {}): AdditiveNoise {
  if (x.length !== y.length)
    throw new InputError('ColumnLength', `x has ${x.length} samples and y ${y.length}`, {
      hint: 'Give both at the same steps.',
      data: { x: x.length, y: y.length },
    })
  const { curve = { kind: 'gaussian-process' }, alpha = 0.05 } = options
  const residuals = residualsBy(curve)
  // The samples are checked before anything is fitted to them.
  const [xs, ys] = [hsicSample([x]), hsicSample([y])]
  const forward = hsicTest(hsicSample([residuals([x], y)]), xs, options)
  const backward = hsicTest(hsicSample([residuals([y], x)]), ys, options)
  return {
    direction: decisions[`${forward.pValue > alpha},${backward.pValue > alpha}`],
    forward,
    backward,
    tendency: forward.statistic <= backward.statistic ? 'forward' : 'backward',
  }
}
