/** How much each input element contributed to an output: layer-wise relevance propagation. */

import { InputError } from '@ecotope/core'
import { constant } from '../apply.ts'
import type { Primitive, Tensor } from '../primitive.ts'
import { propagate } from '../relevance/index.ts'
import type { LayerRule } from '../relevance/rule.ts'
import { sameShape, showShape } from '../shape.ts'

/** How a layer with weights shares its relevance. `zPlus` is `alphaBeta` with alpha 1. */
export type RelevanceRuleOption =
  | 'epsilon'
  | 'gamma'
  | 'alphaBeta'
  | 'zPlus'
  | { readonly kind: 'epsilon' }
  /** Default gamma 0.25. */
  | { readonly kind: 'gamma'; readonly gamma?: number }
  /** Default alpha 2 (so beta is 1). */
  | { readonly kind: 'alphaBeta'; readonly alpha?: number }
  /** For the first layer, on inputs in [low, high]. */
  | { readonly kind: 'zB'; readonly low: number; readonly high: number }

/** What a strategy may decide by. */
export interface RelevanceLayer {
  /** Names of the enclosing `scope`s, such as `encoder.0`. */
  readonly scope: string
  readonly primitive: Primitive
  /** Whether the layer reads one of the nodes whose relevance is asked. */
  readonly first: boolean
}

export interface RelevanceOptions {
  /** One rule for all layers with weights, or a choice per layer. Default `epsilon`. */
  readonly rule?: RelevanceRuleOption | ((layer: RelevanceLayer) => RelevanceRuleOption)
  /** Added to denominators, away from 0; absorbs relevance in proportion. Default 1e-6. */
  readonly epsilon?: number
  /** The relevance of the output. Default the output itself. */
  readonly initial?: Tensor
  /**
   * Products of attention weights with values: `detached` gives all to the values (Ali et al. 2022), `halves` shares
   * with queries and keys (Achtibat et al. 2024). Default `detached`.
   */
  readonly attention?: 'detached' | 'halves'
  /** Normalisations hand relevance on as it is, or by centring with the deviation fixed. Default `identity`. */
  readonly normalisation?: 'identity' | 'detached'
}

function layerRule(option: RelevanceRuleOption, epsilon: number): LayerRule {
  const given =
    typeof option === 'string' ? (option === 'zPlus' ? { kind: 'alphaBeta', alpha: 1 } : { kind: option }) : option
  switch (given.kind) {
    case 'epsilon':
      return { kind: 'epsilon', epsilon }
    case 'gamma':
      return { kind: 'gamma', gamma: ('gamma' in given ? given.gamma : undefined) ?? 0.25, epsilon }
    case 'alphaBeta':
      return { kind: 'alphaBeta', alpha: ('alpha' in given ? given.alpha : undefined) ?? 2, epsilon }
    default:
      return { ...(given as { kind: 'zB'; low: number; high: number }), epsilon }
  }
}

/**
 * The relevance of nodes of a graph for an output of any shape, in their shapes: what layer-wise relevance propagation
 * (Bach et al. 2015) finds that they contributed. Layers with weights follow `rule`; sums share in proportion to their
 * terms; activations hand on; maxima give to the winner; gates give to the signal, other products half to each side.
 * Without biases relevance is conserved, up to what `epsilon` absorbs; biases absorb their share.
 * Raises `InputError` `NoRelevance` where a primitive has no rule.
 */
export function relevance(output: Tensor, of: readonly Tensor[], options: RelevanceOptions = {}): Tensor[] {
  const { rule = 'epsilon', epsilon = 1e-6, initial = output, attention = 'detached' } = options
  if (!sameShape(initial.shape, output.shape)) {
    const shapes = `${showShape(initial.shape)} is not the output's ${showShape(output.shape)}`
    throw new InputError('ShapeMismatch', `relevance: the initial relevance ${shapes}`)
  }
  const targets = new Set(of)
  const ruleOf = (node: Tensor): LayerRule => {
    const layer = { scope: node.scope, primitive: node.op, first: node.inputs.some((x) => targets.has(x)) }
    return layerRule(typeof rule === 'function' ? rule(layer) : rule, epsilon)
  }
  const normalisation = options.normalisation ?? 'identity'
  const found = propagate([output], [initial], of, { ruleOf, epsilon, attention, normalisation })
  return found.map((r, i) => r ?? constant(0, of[i]!.shape))
}
