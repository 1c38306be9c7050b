/** Which tiles a trained ensemble predicts, and what each costs; shared by calibration, maps and assessment. */

import type { WorkOptions } from '@ecotope/core'
import type { BandCube, Window } from '@ecotope/cube'
import { type Ensemble, type Network, type Normalisation, normaliseInPlace, type TilingOptions } from '@ecotope/model'

const RAMP = 32
/** Longest side of a tile unless the network's reach asks for more. */
const TILE = 512
/** A raster of at most this side is one tile: no surroundings are read twice. */
export const WHOLE = 768

export function tilingFor(net: Network, width: number, height: number): TilingOptions {
  const tilePixels = Math.max(width, height) <= WHOLE ? WHOLE : TILE
  return { width, height, tilePixels, multiple: net.multiple, margin: net.reach, ramp: RAMP }
}

/** Logits by member of one window of raw features; a missing value enters as the band's mean. */
export async function windowLogits(
  ensemble: Ensemble,
  features: BandCube,
  normalisation: Normalisation,
  window: Window,
  work: WorkOptions,
): Promise<{ logits: Float32Array[]; missing: Uint8Array }> {
  const values = await features.read(window, work)
  const n = window.width * window.height
  const missing = new Uint8Array(n)
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i]!)) missing[i % n] = 1
  normaliseInPlace(values, normalisation)
  return { logits: await ensemble.logits(values, window), missing }
}
