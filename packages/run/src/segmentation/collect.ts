/** Logits of labelled pixels of one role: what calibration is fitted on and checked with. Bounded, whatever the raster. */
import { random, throwIfAborted, type WorkOptions } from '@ecotope/core'
import {
  type Ensemble,
  edgeWeights,
  type LabelledCube,
  type Normalisation,
  type Role,
  type SplitPlan,
  tileReader,
  tiling,
  UNLABELLED,
} from '@ecotope/model'
import { tilingFor, windowLogits } from './tiles.ts'

export interface LabelledLogits {
  /** `[classes, n]` by member. */
  readonly members: readonly Float32Array[]
  /** `[n]`, class indices. */
  readonly labels: Int32Array
}

export interface CollectOptions extends WorkOptions {
  readonly ensemble: Ensemble
  readonly normalisation: Normalisation
  readonly plan: SplitPlan
  readonly role: Role
  readonly seed: number
  /** Most pixels to keep. */
  readonly limit?: number
}

const LIMIT = 500_000

/** Visits tiles in random order until enough pixels of the role are gathered; only pixels with full surroundings count. */
export async function collectLogits(samples: LabelledCube, options: CollectOptions): Promise<LabelledLogits> {
  const { width, height } = samples.features.grid
  const layout = tilingFor(options.ensemble.network, width, height)
  const plan = tiling(layout)
  const reader = tileReader(samples, options.plan, options.normalisation)
  const classes = samples.classes.length
  const limit = options.limit ?? LIMIT
  const parts: LabelledLogits[] = []
  const taken = new Set<number>()
  let count = 0
  const starts = plan.rows.flatMap((row) => plan.columns.map((column) => ({ row, column })))
  for (const [i, start] of random(options.seed).split('collect').shuffle(starts).entries()) {
    throwIfAborted(options.signal)
    const window = { ...start, width: plan.tileWidth, height: plan.tileHeight }
    const labels = await reader.labels(window, options.role)
    const down = edgeWeights(window.row, window.height, height, layout)
    const across = edgeWeights(window.column, window.width, width, layout)
    const inside: number[] = []
    for (let at = 0; at < labels.length; at++) {
      const [r, c] = [Math.floor(at / window.width), at % window.width]
      if (labels[at] === UNLABELLED || down[r] === 0 || across[c] === 0) continue
      const pixel = (window.row + r) * width + window.column + c
      if (taken.has(pixel)) continue
      if (starts.length > 1) taken.add(pixel)
      inside.push(at)
    }
    if (inside.length > 0) {
      const { logits } = await windowLogits(options.ensemble, samples.features, options.normalisation, window, options)
      parts.push(pick(logits, labels, inside, classes))
      count += inside.length
    }
    options.onProgress?.({ step: options.role, fraction: (i + 1) / starts.length })
    if (count >= limit) break
  }
  return joinParts(parts, classes, limit)
}

function pick(
  logits: readonly Float32Array[],
  labels: Uint8Array,
  at: readonly number[],
  classes: number,
): LabelledLogits {
  const n = labels.length
  return {
    labels: Int32Array.from(at, (i) => labels[i]!),
    members: logits.map((values) => {
      const out = new Float32Array(classes * at.length)
      for (let k = 0; k < classes; k++) for (const [j, i] of at.entries()) out[k * at.length + j] = values[k * n + i]!
      return out
    }),
  }
}

/** Joins parts and thins them evenly to the limit. */
function joinParts(parts: readonly LabelledLogits[], classes: number, limit: number): LabelledLogits {
  const total = parts.reduce((n, part) => n + part.labels.length, 0)
  const keep = Math.min(total, limit)
  const labels = new Int32Array(keep)
  const members = (parts[0]?.members ?? [new Float32Array(0)]).map(() => new Float32Array(classes * keep))
  const stride = total / Math.max(1, keep)
  let [out, offset] = [0, 0]
  for (const part of parts) {
    const n = part.labels.length
    for (; out < keep && Math.floor(out * stride) < offset + n; out++) {
      const from = Math.floor(out * stride) - offset
      labels[out] = part.labels[from]!
      members.forEach((values, m) => {
        for (let k = 0; k < classes; k++) values[k * keep + out] = part.members[m]![k * n + from]!
      })
    }
    offset += n
  }
  return { members, labels }
}
