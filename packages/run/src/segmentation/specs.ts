/** Short forms for writing down processes: a published openEO specification beside each implementation. */
import { InputError } from '@ecotope/core'
import type { JsonValue } from '../json.ts'
import type { Process, ProcessParameter, ProcessSpec } from '../process.ts'
import type { Schema } from '../schema.ts'

const JSON_OBJECT: Schema = { type: 'object' }

/** A parameter that must be given; schema of a plain type. */
export const required = (name: string, description: string, schema: Schema = JSON_OBJECT): ProcessParameter => ({
  name,
  description,
  schema,
})

export const optional = (
  name: string,
  description: string,
  schema: Schema,
  fallback: JsonValue = null,
): ProcessParameter => ({ name, description, schema, optional: true, default: fallback })

export function spec(
  id: string,
  summary: string,
  description: string,
  parameters: readonly ProcessParameter[],
  returns: string,
): ProcessSpec {
  return {
    id,
    summary,
    description,
    categories: ['machine learning'],
    parameters,
    returns: { description: returns, schema: JSON_OBJECT },
  }
}

/** A process of our namespace whose result is typed JSON. */
export function process<A, R>(given: {
  spec: ProcessSpec
  version: string
  seeded?: boolean
  run: (args: A, context: Parameters<Process['run']>[1]) => Promise<R>
  estimate?: (
    args: A,
    context: Parameters<NonNullable<Process['estimate']>>[1],
  ) => ReturnType<NonNullable<Process['estimate']>>
}): Process {
  return {
    id: given.spec.id,
    namespace: 'ecotope',
    version: given.version,
    spec: given.spec,
    ...(given.seeded === undefined ? {} : { seeded: given.seeded }),
    run: async (args, context) => (await given.run(args as A, context)) as JsonValue,
    ...(given.estimate === undefined ? {} : { estimate: (args, context) => given.estimate!(args as A, context) }),
  }
}

/** The value of a step whose type its process fixes. */
export function resultOf<T>(step: { readonly value: JsonValue }): T {
  if (step.value === null) throw new InputError('StepWithoutValue', 'a step that is needed has no result yet')
  return step.value as T
}
