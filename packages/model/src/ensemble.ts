/** Several networks of one architecture, run as one Program on tiles: what turns features into logits by member. */
import type { Window } from '@ecotope/cube'
import { createRunner, layoutOf, type Runner, trace } from '@ecotope/tensor'
import { type Network, type NetworkSpec, network } from './networks.ts'

export interface EnsembleOptions {
  readonly network: NetworkSpec
  /** Flat parameters by member. */
  readonly members: readonly Float32Array[]
  readonly threads: number
}

export interface Ensemble {
  readonly network: Network
  /** Logits by member, `[classes, height, width]` each, for normalised features `[bands, height, width]`. */
  logits(features: Float32Array<ArrayBuffer>, extent: Pick<Window, 'width' | 'height'>): Promise<Float32Array[]>
  close(): Promise<void>
}

const outputName = (member: number): string => `logits${member}`

/** A session is made for each extent at its first use; tilings need one or two. */
export function openEnsemble(options: EnsembleOptions): Ensemble {
  const net = network(options.network)
  const { bands } = net.spec
  const members = options.members.length
  let runner: Promise<Runner> | undefined
  const open = (): Promise<Runner> =>
    createRunner(({ x }) => ensembleProgram(net, members, x![3]!, x![2]!), {
      parameters: joined(options.members),
      threads: options.threads,
    })
  return {
    network: net,
    logits: async (features, { width, height }) => {
      runner ??= open()
      const out = await (await runner).run({ x: { data: features, shape: [1, bands, height, width] } })
      return options.members.map((_, i) => out[outputName(i)]!.data)
    },
    close: async () => {
      await (await runner)?.close()
    },
  }
}

/** One Program for all members: x `[1, bands, height, width]` to `logits0`, `logits1`, ... `[1, classes, height, width]`. */
export function ensembleProgram(net: Network, members: number, width: number, height: number) {
  const parameters = Array.from({ length: members }, () => net.parameters)
  return trace(
    (trees, { x }) => Object.fromEntries(trees.map((tree, i) => [outputName(i), net.apply(tree as never, x)])),
    { parameters, inputs: { x: { shape: [1, net.spec.bands, height, width] } } },
  )
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
