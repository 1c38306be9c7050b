/** Opens the cube of a program: what worker threads do with the plain data that they are sent. */
import { InputError } from '@ecotope/core'
import { type CubeNode, evaluateProgram, type Program, type Value } from '@ecotope/cube'

export interface ProgramContext {
  readonly program: Program
  readonly parameters: Readonly<Record<string, Value>>
  /** Where relative paths start. */
  readonly folder: string
  readonly onError?: 'fail' | 'skip'
}

/** Throws what evaluating throws, and `InputError('NotACube')`. */
export async function openCube(context: ProgramContext): Promise<{ node: CubeNode; close(): Promise<void> }> {
  const { program, ...options } = context
  const evaluation = await evaluateProgram(program, options)
  const node = cubeOf(evaluation.value)
  if (node !== undefined) return { node, close: () => evaluation.close() }
  await evaluation.close()
  throw new InputError('NotACube', 'the graph gives no cube', { hint: 'let the node with result: true be a cube' })
}

/** The node of a cube value; undefined of any other value. */
export function cubeOf(value: Value): CubeNode | undefined {
  const isCube = typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'cube'
  return isCube ? (value as { readonly node: CubeNode }).node : undefined
}
