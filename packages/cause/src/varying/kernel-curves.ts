/** Curves by local linear fits, with their bands and tests. */
import { InputError } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import { bandOf, pointwiseSize, simultaneousSize } from './bands.ts'
import { testFlat } from './constancy.ts'
import type { VaryingDesign } from './design.ts'
import { bestLocalFit, localRows } from './local-linear.ts'
import type { CoefficientCurve, CurveSettings, Curves, VaryingOptions } from './varying.ts'

export async function kernelCurves(
  design: VaryingDesign,
  options: VaryingOptions,
  settings: CurveSettings,
): Promise<Curves> {
  const { bandwidth } = options
  if (bandwidth !== undefined && !(bandwidth > 0))
    throw new InputError('BadBandwidth', `the bandwidth is ${bandwidth}`, {
      hint: 'Give a positive half width in units of what effects vary with.',
      data: { bandwidth },
    })
  const fit = await bestLocalFit(design, bandwidth, (fraction) => settings.at(0.7 * fraction))
  const n = design.u.length
  const squares = fit.residuals.reduce((sum, value) => sum + value * value, 0)
  const variance = squares / (n - fit.freedom)
  const noise = fit.residuals.map((value, i) => value / Math.sqrt(Math.max(1e-6, 1 - fit.leverage[i]!)))
  const maps = await coefficientMaps(design, fit.bandwidth, settings)
  const curves: CoefficientCurve[] = []
  for (const [k, name] of design.names.entries()) {
    const rows = maps[k]!
    curves.push({
      name,
      ...(k > 0 && { cause: options.causes[k - 1]! }),
      ...curveOf(rows, design.target, Math.sqrt(variance), settings),
      ...(settings.bootstraps > 0 && {
        constancy: testFlat(rows, design.target, noise, settings.bootstraps, settings.seed + k),
      }),
    })
    await settings.at(0.8 + (0.2 * (k + 1)) / design.names.length)
  }
  return {
    ...{ curves, variance, residuals: fit.residuals },
    ...{ freedom: fit.freedom, bandwidth: fit.bandwidth, score: fit.leftOut },
  }
}

/** For each row of the design, what makes its curve on the grid of the target (points x samples), on the scale of the data. */
async function coefficientMaps(
  design: VaryingDesign,
  bandwidth: number,
  { grid, at }: CurveSettings,
): Promise<linalg.Matrix[]> {
  const n = design.u.length
  const maps = design.rows.map(() => linalg.matrix(grid.length, n))
  for (const [g, place] of grid.entries()) {
    const found = localRows(design, place, bandwidth)
    if (found === undefined)
      throw new InputError('TooFewSamples', `around ${place} there are too few samples for a local fit`, {
        hint: 'Use a larger bandwidth, or splines.',
        data: { place, bandwidth },
      })
    for (const [k, row] of found.entries())
      maps[k]!.data.set(
        row.map((value) => value / design.scales[k]!),
        g * n,
      )
    await at(0.7 + (0.1 * (g + 1)) / grid.length)
  }
  return maps
}

function curveOf(
  rows: linalg.Matrix,
  target: Float64Array,
  spread: number,
  { grid, level, draws, seed }: CurveSettings,
): Pick<CoefficientCurve, 'values' | 'errors' | 'pointwise' | 'simultaneous'> {
  const n = target.length
  const values = linalg.matvec(rows, target)
  const errors = grid.map((_, g) => {
    const row = rows.data.subarray(g * n, (g + 1) * n)
    return spread * Math.sqrt(row.reduce((sum, value) => sum + value * value, 0))
  })
  return {
    values,
    errors,
    pointwise: bandOf(values, errors, pointwiseSize(level)),
    simultaneous: bandOf(values, errors, simultaneousSize(rows, level, draws, seed)),
  }
}
