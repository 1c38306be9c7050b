/** Several networks of one architecture, run as one Program on tiles: what turns features into logits by member. */
import type { Window } from '@ecotope/cube'
import { createRunner, type Device, layoutOf, type Runner, reverse, type Tensor, trace } from '@ecotope/tensor'
import { type Network, type NetworkSpec, network } from './networks.ts'

/** Axes of `[N, C, H, W]` along which each view of a tile is mirrored. The first view is the tile itself. */
const VIEWS = [[], [3], [2], [2, 3]] as const

/** How many mirrored views are predicted and mirrored back; each counts as a member of its own. */
export type Views = 1 | 2 | 4

export interface EnsembleOptions {
  readonly network: NetworkSpec
  /** Flat parameters by member. */
  readonly members: readonly Float32Array[]
  /** Default 1. */
  readonly views?: Views
  readonly threads: number
  /** Default: the processors. */
  readonly device?: Device | undefined
}

export interface Ensemble {
  readonly network: Network
  /** Logits by member and view, `[classes, height, width]` each, for normalised features `[bands, height, width]`. */
  logits(features: Float32Array<ArrayBuffer>, extent: Pick<Window, 'width' | 'height'>): Promise<Float32Array[]>
  close(): Promise<void>
}

const outputName = (i: number): string => `logits${i}`

/** A session is made for each extent at its first use; tilings need one or two. */
export function openEnsemble(options: EnsembleOptions): Ensemble {
  const net = network(options.network)
  const { bands } = net.spec
  const { views = 1 } = options
  const members = options.members.length
  let runner: Promise<Runner> | undefined
  const open = (): Promise<Runner> =>
    createRunner(({ x }) => ensembleProgram(net, members, x![3]!, x![2]!, views), {
      parameters: joined(options.members),
      threads: options.threads,
      device: options.device,
    })
  return {
    network: net,
    logits: async (features, { width, height }) => {
      runner ??= open()
      const out = await (await runner).run({ x: { data: features, shape: [1, bands, height, width] } })
      return Array.from({ length: members * views }, (_, i) => out[outputName(i)]!.data)
    },
    close: async () => {
      await (await runner)?.close()
    },
  }
}

/** One Program for all members and views: x `[1, bands, height, width]` to `logits0`, `logits1`, ... `[1, classes, height, width]`. */
export function ensembleProgram(net: Network, members: number, width: number, height: number, views: Views = 1) {
  const parameters = Array.from({ length: members }, () => net.parameters)
  return trace(
    (trees, { x }) => Object.fromEntries(trees.flatMap((tree) => viewLogits(net, tree, x, views)).map(named)),
    { parameters, inputs: { x: { shape: [1, net.spec.bands, height, width] } } },
  )
}

const named = (logits: Tensor, i: number): [string, Tensor] => [outputName(i), logits]

/** A network's logits for every view of x, mirrored back. Test-time augmentation as in Krizhevsky et al. 2012, section 4.1. */
export function viewLogits(net: Network, tree: unknown, x: Tensor, views: Views): Tensor[] {
  return VIEWS.slice(0, views).map((axes) => {
    const mirrored = (t: Tensor): Tensor => (axes.length === 0 ? t : reverse(t, axes))
    return mirrored(net.apply(tree as never, mirrored(x)))
  })
}

/** Parameters of one member, in numbers. */
export const parameterCount = (net: Network): number => layoutOf(net.parameters).size

export function joined(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(parts.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
