/** Tracing: a TypeScript function over symbolic tensors becomes a Program, a graph of primitives with named ends. */

import { InputError } from '@ecotope/core'
import { input, locating } from './apply.ts'
import { layoutOf, type ParameterLayout, type ParameterTree, type Traced, traceParameters } from './parameters.ts'
import { type Tensor, type TensorSpec, topological } from './primitive.ts'
import { isTensor } from './transform/tree.ts'

export type InputSpecs = Readonly<Record<string, TensorSpec>>
export type InputTensors<I extends InputSpecs> = { readonly [K in keyof I]: Tensor }

export interface Program {
  /** Named inputs in the order in which they were specified. */
  readonly inputs: Readonly<Record<string, Tensor>>
  readonly parameters: ParameterLayout
  /** The parameters' symbolic leaves, in the layout's order. */
  readonly leaves: readonly Tensor[]
  readonly outputs: Readonly<Record<string, Tensor>>
}

/** A pure function of parameters and named inputs. */
export type ProgramFunction<T extends ParameterTree, I extends InputSpecs> = (
  parameters: Traced<T>,
  inputs: InputTensors<I>,
) => Readonly<Record<string, Tensor>>

/** The graph's input that holds the flat parameters. */
export const PARAMETERS = 'parameters'

/** Traces `fn` once with symbolic tensors of the given shapes. */
export function trace<T extends ParameterTree, I extends InputSpecs>(
  fn: ProgramFunction<T, I>,
  spec: { readonly parameters: T; readonly inputs: I },
): Program {
  const { traced, leaves } = traceParameters(spec.parameters)
  if (leaves.length > 0 && PARAMETERS in spec.inputs) {
    throw new InputError('ReservedName', `an input cannot be called ${PARAMETERS}`, {
      hint: 'That is what exported files call the vector of all parameters: choose another name.',
    })
  }
  const inputs: InputTensors<I> = traceInputs(spec.inputs)
  const outputs = locating(() => fn(traced as never, inputs))
  return { inputs, parameters: layoutOf(spec.parameters), leaves, outputs: checkOutputs(outputs) }
}

export function traceInputs<I extends InputSpecs>(specs: I): InputTensors<I> {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, input(name, spec)])) as InputTensors<I>
}

function checkOutputs(outputs: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor>> {
  const names = Object.keys(outputs)
  if (names.length === 0) throw new InputError('EmptyProgram', 'a program needs at least one output')
  const other = names.find((name) => !isTensor(outputs[name]))
  if (other !== undefined) {
    throw new InputError('NotATensor', `the output ${other} is not a tensor`, {
      hint: 'A program gives named tensors, { y: ... }; wrap numbers with constant().',
      data: { name: other },
    })
  }
  return outputs
}

/** Every node that the outputs need, in an order in which inputs come first. */
export const nodesOf = (program: Program): Tensor[] => topological(Object.values(program.outputs))
