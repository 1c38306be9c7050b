/** Granger causality by frequency of a fitted autoregression: Geweke (1982, 1984), Chen, Bressler & Ding (2006). */
import { addReal, type Complex, complex, real, solved } from './complex.ts'
import { type Process, reducedTo } from './reduced.ts'
import { sigmaOf, type VarModel } from './var-model.ts'

export const processOf = (model: VarModel): Process => ({
  size: model.names.length,
  order: model.order,
  coefficients: model.coefficients,
  sigma: sigmaOf(model),
})

/** (I - sum A_l e^(-i 2 pi f l))^-1. */
export function transferAt({ size, order, coefficients }: Process, frequency: number): Complex {
  const a = complex(size, size)
  for (let i = 0; i < size; i++) a.re[i * size + i] = 1
  for (let lag = 0; lag < order; lag++) {
    const angle = -2 * Math.PI * frequency * (lag + 1)
    const block = coefficients.subarray(lag * size * size, (lag + 1) * size * size)
    addReal(a, block, [-Math.cos(angle), -Math.sin(angle)])
  }
  const unit = new Float64Array(size * size)
  for (let i = 0; i < size; i++) unit[i * size + i] = 1
  return solved(a, real(size, size, unit))
}

export interface Measure {
  readonly cause: number
  readonly effect: number
  /** ln of the ratio of the one-step error variances of the effect without and with the past of the cause. */
  readonly measure: number
  /**
   * The same by frequency. Its mean over all frequencies is `measure`, or less where the cause's own lags alone would not be
   * stable (Geweke 1982, theorem 2).
   */
  readonly byFrequency: Float64Array
}

/** Frequencies in cycles per step, from 0 to 0.5 inclusive. */
export const frequenciesOf = (count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => i / (2 * (count - 1)))

/** Mean over all frequencies of a function given at `frequenciesOf`, by the trapezoidal rule. */
export function overFrequencies(byFrequency: Float64Array): number {
  const last = byFrequency.length - 1
  const inner = byFrequency.reduce((sum, value) => sum + value, 0) - (byFrequency[0]! + byFrequency[last]!) / 2
  return inner / last
}

/**
 * Measures of pairs, conditional on all other variables of the process. Of two variables it is Geweke's (1982) measure of
 * linear feedback.
 */
export function spectralMeasures(
  process: Process,
  frequencies: Float64Array,
  pairs: readonly (readonly [cause: number, effect: number])[],
): Measure[] {
  const columns = [...frequencies].map((frequency) => purified(process, frequency))
  const causes = [...new Set(pairs.map(([cause]) => cause))]
  const found = new Map<string, Measure>()
  for (const cause of causes) {
    const reduced = reducedTo(process, cause)
    const whitenings = [...frequencies].map(reduced.whitening)
    for (const [, effect] of pairs.filter(([own]) => own === cause)) {
      const row = reduced.kept.indexOf(effect)
      const [before, after] = [
        reduced.sigma[row * (reduced.kept.length + 1)]!,
        process.sigma[effect * (process.size + 1)]!,
      ]
      const byFrequency = frequencies.map((_, at) => {
        const gain = intrinsic(whitenings[at]!, row, columns[at]!, reduced.kept, effect)
        return Math.log(before / (gain * after))
      })
      found.set(`${cause},${effect}`, { cause, effect, measure: Math.log(before / after), byFrequency })
    }
  }
  return pairs.map(([cause, effect]) => found.get(`${cause},${effect}`)!)
}

/**
 * Column x holds the response of all variables to the innovation of x, the part of other innovations that goes along with
 * it included (the others are made uncorrelated with it).
 */
function purified(process: Process, frequency: number): Complex {
  const { size, sigma } = process
  const transfer = transferAt(process, frequency)
  const out = complex(size, size)
  for (let x = 0; x < size; x++)
    for (let k = 0; k < size; k++) {
      const share = sigma[k * size + x]! / sigma[x * size + x]!
      for (let i = 0; i < size; i++) {
        out.re[i * size + x]! += transfer.re[i * size + k]! * share
        out.im[i * size + x]! += transfer.im[i * size + k]! * share
      }
    }
  return out
}

/** |Q_xx|^2 of Geweke (1984): the effect's own innovation in the innovations of the model without the cause. */
function intrinsic(white: Complex, row: number, response: Complex, kept: readonly number[], effect: number): number {
  let [re, im] = [0, 0]
  for (const [s, variable] of kept.entries()) {
    const [x, y] = [white.re[row * kept.length + s]!, white.im[row * kept.length + s]!]
    const [u, v] = [
      response.re[variable * response.columns + effect]!,
      response.im[variable * response.columns + effect]!,
    ]
    re += x * u - y * v
    im += x * v + y * u
  }
  return re * re + im * im
}
