/** Curves by penalised splines, with their bands and tests. */
import { InputError } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import { checkCount } from '../discovery/options.ts'
import { bandOf, pointwiseSize, simultaneousSize } from './bands.ts'
import { type Basis, cubicBasis } from './basis.ts'
import { testTerm } from './constancy.ts'
import { checkSamples, type VaryingDesign } from './design.ts'
import {
  fitPenalised,
  type PenalisedFit,
  type Prepared,
  prepared,
  type Smoothness,
  type TermKind,
} from './penalised.ts'
import type { CoefficientCurve, CurveSettings, Curves, VaryingOptions } from './varying.ts'

export async function splineCurves(
  design: VaryingDesign,
  options: VaryingOptions,
  settings: CurveSettings,
): Promise<Curves> {
  const segments = checkCount('segments', options.segments, 1, 10)
  const { rows, u } = design
  const basis = cubicBasis(
    u.reduce((a, b) => Math.min(a, b)),
    u.reduce((a, b) => Math.max(a, b)),
    segments,
  )
  const kinds = rows.map((_, k): TermKind => (k === 0 && options.varyingIntercept === false ? 'constant' : 'curve'))
  const ready = prepared({ rows, kinds, u, basis })
  // Penalties let there be more functions than samples, but not by much.
  checkSamples(u.length, Math.ceil(ready.x.columns / 2))
  const smoothness = smoothnessOf(options.smoothness, ready)
  const fit = fitPenalised(ready, design.target, smoothness)
  await settings.at(0.1)
  const curves: CoefficientCurve[] = []
  for (const [k, name] of design.names.entries()) {
    const share = (part: number): number => 0.1 + (0.9 * (k + part)) / design.names.length
    const ask = { smoothness, bootstraps: settings.bootstraps, seed: settings.seed }
    const steps = Math.max(1, settings.bootstraps)
    let done = 0
    const at = (): void | Promise<void> => settings.at(share(++done / (2 * steps)))
    const test = (absent: boolean) => testTerm(ready, fit, design.target, k, absent, ask, at)
    const varies = kinds[k] === 'curve'
    const constancy = varies ? await test(false) : undefined
    const absence = k > 0 ? await test(true) : undefined
    curves.push({
      ...curveOf(ready, fit, k, design.scales[k]!, settings),
      name,
      freedom: fit.freedom[k]!,
      ...(k > 0 && { cause: options.causes[k - 1]! }),
      ...(varies && { penalty: fit.penalties[ready.curves.indexOf(k)]! }),
      ...(constancy && { constancy }),
      ...(absence && { absence }),
    })
  }
  const freedom = fit.freedom.reduce((sum, value) => sum + value, 0)
  return { curves, freedom, variance: fit.variance, score: fit.score, residuals: fit.residuals }
}

function smoothnessOf(given: VaryingOptions['smoothness'], { curves }: Prepared): Smoothness | Float64Array {
  if (given === undefined || given === 'reml' || given === 'gcv') return given ?? 'reml'
  const penalties = Float64Array.from(given as readonly number[])
  if (penalties.length === curves.length && penalties.every((value) => value > 0 && Number.isFinite(value)))
    return penalties
  throw new InputError('BadSmoothness', `the smoothness is ${String(given)}`, {
    hint: `Use reml, gcv, or ${curves.length} positive penalties.`,
    data: { smoothness: given },
  })
}

/** A curve and its bands from the block of its coefficients. */
function curveOf(
  { starts, problem: { basis, kinds } }: Prepared,
  fit: PenalisedFit,
  k: number,
  scale: number,
  { grid, level, draws, seed }: CurveSettings,
): Pick<CoefficientCurve, 'values' | 'errors' | 'pointwise' | 'simultaneous'> {
  const [start, size] = [starts[k]!, starts[k + 1]! - starts[k]!]
  const functions = kinds[k] === 'curve' ? basisRows(basis, grid) : ones(grid.length)
  const block = linalg.matrix(size, size)
  for (let a = 0; a < size; a++)
    for (let b = 0; b < size; b++)
      block.data[a * size + b] = fit.inverse.data[(start + a) * fit.inverse.rows + start + b]!
  const deviations = linalg.matmul(functions, linalg.cholesky(block).lower)
  const spread = Math.sqrt(fit.variance) / scale
  const errors = grid.map((_, g) => {
    const row = deviations.data.subarray(g * size, (g + 1) * size)
    return spread * Math.sqrt(row.reduce((sum, value) => sum + value * value, 0))
  })
  const values = linalg.matvec(functions, fit.coefficients.slice(start, start + size)).map((value) => value / scale)
  return {
    values,
    errors,
    pointwise: bandOf(values, errors, pointwiseSize(level)),
    simultaneous: bandOf(values, errors, simultaneousSize(deviations, level, draws, seed)),
  }
}

const ones = (length: number): linalg.Matrix => linalg.matrix(length, 1, new Float64Array(length).fill(1))

function basisRows(basis: Basis, grid: Float64Array): linalg.Matrix {
  const out = linalg.matrix(grid.length, basis.size)
  const local = new Float64Array(4)
  for (const [g, place] of grid.entries()) {
    const first = basis.at(place, local)
    out.data.set(local, g * basis.size + first)
  }
  return out
}
