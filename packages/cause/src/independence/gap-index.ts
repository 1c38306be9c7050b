/** Which samples a test loses to missing and masked values, by bits. */
import type { MaskType } from '../series/samples.ts'
import type { TimeSeries } from '../series/series.ts'
import type { LaggedCovariance } from './lagged-covariance.ts'

type Bits = Uint32Array | null

/** Bits of each row of a `LaggedCovariance`: 1 where its value is missing (or follows a missing one), or masked. */
export class GapIndex {
  readonly #covariance: LaggedCovariance
  readonly #masks: readonly (Uint8Array | undefined)[]
  readonly #reach: number
  readonly #roles: readonly boolean[]
  readonly #missing: (Bits | undefined)[]
  readonly #masked: (Bits | undefined)[]
  /** Lost samples of the rows collected so far. */
  readonly #lost: Uint32Array
  #any = false
  /** Places in `points` after `list`. */
  readonly places: Int32Array

  constructor(series: TimeSeries, covariance: LaggedCovariance, maskType: MaskType) {
    this.#covariance = covariance
    const { datasets } = series
    this.#masks = covariance.raw.map(({ length }, c) => {
      const out = new Uint8Array(length)
      let at = 0
      for (const { masks, length: steps } of datasets) {
        if (masks) out.set(masks[c]!, at)
        at += steps
      }
      return out.includes(1) ? out : undefined
    })
    this.#reach = series.missingUpToMaxLag ? covariance.maxLag : 0
    this.#roles = ['x', 'y', 'z'].map((role) => maskType.includes(role))
    this.#missing = new Array(covariance.size)
    this.#masked = new Array(covariance.size)
    this.#lost = new Uint32Array(Math.ceil(covariance.count / 32))
    this.places = new Int32Array(covariance.count)
  }

  clear(): void {
    if (this.#any) this.#lost.fill(0)
    this.#any = false
  }

  /** `role`: X, Y or Z. */
  collect(row: number, role: number): void {
    let missing = this.#missing[row]
    if (missing === undefined) this.#missing[row] = missing = this.#missingBits(row)
    if (missing !== null) this.#or(missing)
    if (!this.#roles[role]) return
    let masked = this.#masked[row]
    if (masked === undefined) this.#masked[row] = masked = this.#maskedBits(row)
    if (masked !== null) this.#or(masked)
  }

  #or(bits: Uint32Array): void {
    this.#any = true
    const lost = this.#lost
    for (let k = 0; k < lost.length; k++) lost[k]! |= bits[k]!
  }

  /** Number of samples that are lost. */
  count(): number {
    if (!this.#any) return 0
    let many = 0
    for (let k = 0; k < this.#lost.length; k++) many += ones(this.#lost[k]!)
    return many
  }

  /** Writes the lost samples (or those that are left) to `places`; their number. */
  list(lost: boolean): number {
    let many = 0
    const { count } = this.#covariance
    for (let k = 0; k < this.#lost.length; k++) {
      let word = lost ? this.#lost[k]! : ~this.#lost[k]!
      while (word !== 0) {
        const place = k * 32 + 31 - Math.clz32(word & -word)
        if (place < count) this.places[many++] = place
        word &= word - 1
      }
    }
    return many
  }

  #missingBits(row: number): Bits {
    const { maxLag, missing, raw, points, ends, count } = this.#covariance
    const [c, lag] = [Math.floor(row / (maxLag + 1)), row % (maxLag + 1)]
    if (missing[c] === 0) return null
    const bits = new Uint32Array(this.#lost.length)
    for (let k = 0; k < count; k++)
      if (Number.isNaN(raw[c]![points[k]! - lag]!)) {
        const last = Math.min(ends[k]! - 1, k + this.#reach)
        for (let i = k; i <= last; i++) bits[i >> 5]! |= 1 << (i & 31)
      }
    return bits
  }

  #maskedBits(row: number): Bits {
    const { maxLag, points, count } = this.#covariance
    const mask = this.#masks[Math.floor(row / (maxLag + 1))]
    if (mask === undefined) return null
    const bits = new Uint32Array(this.#lost.length)
    for (let k = 0; k < count; k++) if (mask[points[k]! - (row % (maxLag + 1))] === 1) bits[k >> 5]! |= 1 << (k & 31)
    return bits
  }
}

function ones(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
