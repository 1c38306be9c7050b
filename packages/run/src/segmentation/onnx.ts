/** The whole predictor as one ONNX graph: normalisation, every network, calibrated softmax, mean over networks. */

import { InputError } from '@ecotope/core'
import { joined, type Network, viewLogits } from '@ecotope/model'
import {
  add,
  addAll,
  clip,
  constant,
  type DynamicAxes,
  div,
  mul,
  type Program,
  softmax,
  sub,
  type Tensor,
  toOnnx,
  trace,
} from '@ecotope/tensor'
import type { SavedModel } from './model-file.ts'

/** Extent of the input where the network's norm needs a fixed one. */
const EXTENT = 256

export interface ExportedModel {
  readonly bytes: Uint8Array
  /** `[1, bands, height, width]`; −1 where any extent will do. */
  readonly inputShape: readonly number[]
  readonly outputShape: readonly number[]
}

/** Raw values `[1, bands, height, width]` without missing ones in, probabilities `[1, classes, height, width]` out. */
export function exportOnnx(saved: SavedModel, net: Network, members: readonly Float32Array[]): ExportedModel {
  const parameters = joined(members)
  const program = predictor(saved, net, members.length)
  const metadata = {
    bands: saved.bands.map((b) => b.name).join(','),
    classes: saved.classes.map((c) => c.name).join(','),
  }
  const dynamic: DynamicAxes = { x: { 2: 'height', 3: 'width' } }
  const shapes = (extent: number) => ({
    inputShape: [1, net.spec.bands, extent, extent],
    outputShape: [1, net.spec.classes, extent, extent],
  })
  try {
    return { bytes: toOnnx(program, { parameters, metadata, dynamic }), ...shapes(-1) }
  } catch (cause) {
    if (!(cause instanceof InputError && cause.tag === 'NotDynamic')) throw cause
    return { bytes: toOnnx(program, { parameters, metadata }), ...shapes(EXTENT) }
  }
}

function predictor(saved: SavedModel, net: Network, members: number): Program {
  const parameters = Array.from({ length: members }, () => net.parameters)
  return trace(
    (trees, { x }) => {
      const logits = trees.flatMap((tree) => viewLogits(net, tree, normalise(x, saved), saved.views))
      const parts = logits.map((z) =>
        softmax(add(mul(z, along(saved.calibration.scale)), along(saved.calibration.bias)), 1),
      )
      return { probability: div(addAll(parts), parts.length) }
    },
    { parameters, inputs: { x: { shape: [1, net.spec.bands, EXTENT, EXTENT] } } },
  )
}

const along = (values: readonly number[]): Tensor => constant(Float64Array.from(values), [1, values.length, 1, 1])

function normalise(x: Tensor, { normalisation: { centre, scale, limit } }: SavedModel): Tensor {
  return clip(div(sub(x, along(centre)), along(scale)), -limit, limit)
}
