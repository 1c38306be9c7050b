/**
 * Post-hoc calibration of an ensemble (Guo et al. 2017). What is minimised is the negative log-likelihood of the
 * averaged probability, mean over members of softmax(scale * logit + bias): the quantity that the map reports.
 */
import { InputError } from '@ecotope/core'
import { type Calibration, type CalibrationKind, pixelsOf, temperatureCalibration } from './categorical.ts'
import { minimise } from './minimise.ts'

export interface CalibrationFit extends Calibration {
  /** Mean negative log-likelihood per labelled pixel, nats. */
  readonly nllBefore: number
  readonly nllAfter: number
  /** Labelled pixels that were used. */
  readonly count: number
  /** The temperature ran into the end of its range: the labels carry too little evidence, such as no error at all. */
  readonly atBound: boolean
}

export interface CalibrationOptions {
  /** Default `temperature`: one number, cannot change the most probable class of a single model. */
  readonly kind?: CalibrationKind
  /** One per pixel, >= 0. */
  readonly weights?: ArrayLike<number>
}

/** log T is searched in this range. */
const LOG_RANGE: readonly [number, number] = [Math.log(0.05), Math.log(20)]
/** Pixels for the coarse scan that finds the basin. */
const SCAN_PIXELS = 20_000
const SCAN_POINTS = 25

/** Labelled pixels, gathered so that a pass reads memory in order: logits `[pixel][member][class]`. */
interface Sample {
  readonly logits: Float64Array
  readonly labels: Int32Array
  readonly weights: Float64Array
  readonly members: number
  readonly classes: number
}

/**
 * Fits a calibration on held-out pixels.
 * @param memberLogits one `[classes, n]` per member, uncalibrated
 * @param labels `[n]`, class index, negative where there is no reference
 * @throws InputError `NoLabels` where no labelled pixel has finite logits
 */
export function fitTemperature(
  memberLogits: readonly Float32Array[],
  labels: ArrayLike<number>,
  options: CalibrationOptions = {},
): CalibrationFit {
  const n = labels.length
  const classes = n > 0 ? (memberLogits[0]?.length ?? 0) / n : 0
  if (n === 0) throw new InputError('NoLabels', 'no labelled pixel to calibrate on')
  pixelsOf(memberLogits, classes)
  const sample = gather(memberLogits, labels, classes, options.weights)
  const kind = options.kind ?? 'temperature'
  const nllBefore = objective(sample, temperatureCalibration(1, classes)).value
  const logT = fitLogTemperature(sample)
  const start = temperatureCalibration(Math.exp(logT), classes)
  const calibration = kind === 'temperature' ? start : REFINE[kind](sample, start)
  const atBound = logT < LOG_RANGE[0] + 1e-6 || logT > LOG_RANGE[1] - 1e-6
  const nllAfter = objective(sample, calibration).value
  return { ...calibration, nllBefore, nllAfter, count: sample.labels.length, atBound }
}

/** Newton on log T with golden-section steps where Newton leaves the bracket. */
function fitLogTemperature(sample: Sample): number {
  const [low, high] = LOG_RANGE
  const scan = thinned(sample, SCAN_PIXELS)
  const step = (high - low) / (SCAN_POINTS - 1)
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (let j = 0; j < SCAN_POINTS; j++) {
    const value = temperatureSlope(scan, low + j * step).value
    if (value < least) {
      least = value
      best = j
    }
  }
  let a = low + Math.max(0, best - 1) * step
  let b = low + Math.min(SCAN_POINTS - 1, best + 1) * step
  let s = low + best * step
  for (let iteration = 0; iteration < 60 && b - a > 1e-9; iteration++) {
    const { slope, curvature } = temperatureSlope(sample, s)
    if (Math.abs(slope) < 1e-12) break
    if (slope > 0) b = s
    else a = s
    const newton = s - slope / curvature
    const next = curvature > 0 && newton > a && newton < b ? newton : (a + b) / 2
    if (Math.abs(next - s) < 1e-10) break
    s = next
  }
  return s
}

/** Mean NLL at T = exp(s), with its first and second derivative in s. */
function temperatureSlope(sample: Sample, s: number): { value: number; slope: number; curvature: number } {
  const { logits, labels, weights, members, classes } = sample
  const beta = Math.exp(-s)
  const exps = new Float64Array(classes)
  let value = 0
  let first = 0
  let second = 0
  let mass = 0
  for (let i = 0, at = 0; i < labels.length; i++) {
    const y = labels[i]!
    let likelihood = 0
    let d1 = 0
    let d2 = 0
    for (let m = 0; m < members; m++, at += classes) {
      // Relative to the largest logit no exponential overflows; the derivatives do not notice the shift.
      let top = Number.NEGATIVE_INFINITY
      for (let c = 0; c < classes; c++) if (logits[at + c]! > top) top = logits[at + c]!
      let sum = 0
      let mean = 0
      let square = 0
      for (let c = 0; c < classes; c++) {
        const z = logits[at + c]! - top
        const e = Math.exp(beta * z)
        exps[c] = e
        sum += e
        mean += e * z
        square += e * z * z
      }
      mean /= sum
      const p = exps[y]! / sum
      const gap = logits[at + y]! - top - mean
      likelihood += p
      d1 += p * gap
      d2 += p * (gap * gap - (square / sum - mean * mean))
    }
    if (likelihood === 0) likelihood = Number.MIN_VALUE
    const w = weights[i]!
    d1 /= likelihood
    value -= w * Math.log(likelihood / members)
    first -= w * d1
    second -= w * (d2 / likelihood - d1 * d1)
    mass += w
  }
  // Chain rule from beta = exp(-s): d/ds = -beta d/dbeta.
  const slope = (-beta * first) / mass
  return { value: value / mass, slope, curvature: (beta * beta * second) / mass - slope }
}

/** Mean NLL and its gradient in (scale, bias). */
function objective(sample: Sample, { scale, bias }: Pick<Calibration, 'scale' | 'bias'>) {
  const { logits, labels, weights, members, classes } = sample
  const dScale = new Float64Array(classes)
  const dBias = new Float64Array(classes)
  const p = new Float64Array(members * classes)
  let value = 0
  let mass = 0
  for (let i = 0; i < labels.length; i++) {
    const at = i * members * classes
    const y = labels[i]!
    let likelihood = Number.MIN_VALUE
    for (let m = 0; m < members; m++) {
      softmaxInto(logits, at + m * classes, scale, bias, p, m * classes)
      likelihood += p[m * classes + y]!
    }
    const w = weights[i]!
    value -= w * Math.log(likelihood / members)
    mass += w
    for (let m = 0; m < members; m++) {
      const r = (w * p[m * classes + y]!) / likelihood
      for (let c = 0; c < classes; c++) {
        const g = r * (p[m * classes + c]! - (c === y ? 1 : 0))
        dBias[c] = dBias[c]! + g
        dScale[c] = dScale[c]! + g * logits[at + m * classes + c]!
      }
    }
  }
  return { value: value / mass, dScale: dScale.map((g) => g / mass), dBias: dBias.map((g) => g / mass) }
}

function softmaxInto(
  logits: Float64Array,
  at: number,
  scale: readonly number[],
  bias: readonly number[],
  out: Float64Array,
  to: number,
): void {
  const k = scale.length
  let top = Number.NEGATIVE_INFINITY
  for (let c = 0; c < k; c++) top = Math.max(top, logits[at + c]! * scale[c]! + bias[c]!)
  let sum = 0
  for (let c = 0; c < k; c++) {
    const e = Math.exp(logits[at + c]! * scale[c]! + bias[c]! - top)
    out[to + c] = e
    sum += e
  }
  for (let c = 0; c < k; c++) out[to + c] = out[to + c]! / sum
}

type Refine = (sample: Sample, start: Calibration) => Calibration

/** Parameters beyond the temperature, from the fitted temperature on. */
const REFINE: Record<Exclude<CalibrationKind, 'temperature'>, Refine> = {
  bias: (sample, start) => {
    const k = sample.classes
    const unpack = (theta: Float64Array): Calibration => {
      const scale = Math.exp(-theta[0]!)
      return described('bias', new Array<number>(k).fill(scale), Array.from(theta.subarray(1)))
    }
    const theta = minimise(Float64Array.from([Math.log(start.temperature), ...start.bias]), (at) => {
      const calibration = unpack(at)
      const { value, dScale, dBias } = objective(sample, calibration)
      const dLogT = -calibration.scale[0]! * dScale.reduce((s, g) => s + g, 0)
      return { value, gradient: Float64Array.from([dLogT, ...dBias]) }
    })
    return unpack(theta)
  },
  vector: (sample, start) => {
    const k = sample.classes
    const unpack = (theta: Float64Array): Calibration =>
      described('vector', Array.from(theta.subarray(0, k)), Array.from(theta.subarray(k)))
    const theta = minimise(Float64Array.from([...start.scale, ...start.bias]), (at) => {
      const { value, dScale, dBias } = objective(sample, unpack(at))
      return { value, gradient: Float64Array.from([...dScale, ...dBias]) }
    })
    return unpack(theta)
  },
}

/** Biases shifted to mean zero: adding a constant to every class changes no probability. */
function described(kind: CalibrationKind, scale: number[], bias: number[]): Calibration {
  const centre = bias.reduce((s, b) => s + b, 0) / bias.length
  const mean = scale.reduce((s, a) => s + a, 0) / scale.length
  return { kind, temperature: 1 / mean, scale, bias: bias.map((b) => b - centre) }
}

function gather(
  memberLogits: readonly Float32Array[],
  labels: ArrayLike<number>,
  classes: number,
  weights: ArrayLike<number> | undefined,
): Sample {
  const n = labels.length
  const members = memberLogits.length
  const used = new Int32Array(n)
  let count = 0
  for (let i = 0; i < n; i++) {
    const label = labels[i]!
    if (label >= classes) throw new InputError('BadLabel', `label ${label} is not below ${classes} classes`)
    if (label >= 0 && (weights?.[i] ?? 1) > 0 && finiteAt(memberLogits, i, n, classes)) used[count++] = i
  }
  if (count === 0) throw new InputError('NoLabels', 'no labelled pixel to calibrate on')
  const logits = new Float64Array(count * members * classes)
  for (let j = 0, at = 0; j < count; j++) {
    for (const member of memberLogits) {
      for (let c = 0; c < classes; c++) logits[at++] = member[c * n + used[j]!]!
    }
  }
  return {
    logits,
    labels: Int32Array.from({ length: count }, (_, j) => labels[used[j]!]!),
    weights: Float64Array.from({ length: count }, (_, j) => weights?.[used[j]!] ?? 1),
    members,
    classes,
  }
}

function finiteAt(memberLogits: readonly Float32Array[], i: number, n: number, classes: number): boolean {
  for (const member of memberLogits) {
    for (let c = 0; c < classes; c++) if (!Number.isFinite(member[c * n + i]!)) return false
  }
  return true
}

/** At most `most` pixels, evenly spaced. */
function thinned(sample: Sample, most: number): Sample {
  const count = sample.labels.length
  if (count <= most) return sample
  const width = sample.members * sample.classes
  const logits = new Float64Array(most * width)
  const labels = new Int32Array(most)
  const weights = new Float64Array(most)
  for (let j = 0; j < most; j++) {
    const i = Math.floor((j * count) / most)
    logits.set(sample.logits.subarray(i * width, (i + 1) * width), j * width)
    labels[j] = sample.labels[i]!
    weights[j] = sample.weights[i]!
  }
  return { ...sample, logits, labels, weights }
}
