/** The rows against the published specifications: parameters, defaults, error codes, and every example that has a result. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runCase } from '../../../../scripts/openeo/run.ts'
import type { Json } from '../../../../scripts/openeo/suite.ts'
import { callbackParameters } from '../../src/graph/callbacks.ts'
import { registry } from '../../src/process/registry.ts'
import { dataFolder, hasData } from '../data.ts'

interface Specification {
  readonly id: string
  readonly experimental?: boolean
  readonly parameters: readonly { name: string; optional?: boolean; default?: unknown; schema: unknown }[]
  readonly exceptions?: Readonly<Record<string, unknown>>
  readonly examples?: readonly { arguments: Json; returns?: unknown }[]
}

const folder = 'openeo_process_tests'

function specifications(): Specification[] {
  if (!hasData(folder)) return []
  return ['.', 'proposals'].flatMap((part) =>
    readdirSync(join(dataFolder, folder, part))
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(dataFolder, folder, part, name), 'utf8')) as Specification),
  )
}

/** Codes that cannot occur: IEEE 754 has a result, there is no such parameter any more, all filters are supported. */
const unneeded = new Set(['DivisionByZero', 'MultiplicandMissing', 'PropertiesUnsupported'])

/** Processes of services that this library cannot be: other people's containers, accounts and corrections. */
const foreign =
  /^(ard_|atmospheric_|cloud_detection|sar_backscatter|run_ogcapi|run_udf_externally|export_|load_(uploaded|collection|result)|stac_modify)/

const all = specifications()
const known = all.filter(({ id }) => registry.has(id))

test.skipIf(all.length === 0)('every computational process has a row', () => {
  const absent = all.filter(({ id }) => !registry.has(id) && !foreign.test(id)).map(({ id }) => id)
  expect(absent).toEqual([])
})

describe.skipIf(all.length === 0)('rows take the parameters of their specification', () => {
  test.each(known.map((spec) => [spec.id, spec] as const))('%s', (id, spec) => {
    const row = registry.get(id)!
    expect(row.parameters.map(({ name }) => name).slice(0, spec.parameters.length)).toEqual(
      spec.parameters.map(({ name }) => name),
    )
    for (const [i, parameter] of spec.parameters.entries()) {
      const ours = row.parameters[i]!
      // Ours may take less; what may be left out there may be left out here.
      if (parameter.optional === true) expect(ours.optional, parameter.name).toBe(true)
      // No default and null are the same to a process, since null stands for absence.
      if (parameter.optional === true && `${id} ${parameter.name}` !== 'array_modify length')
        expect(ours.default ?? null, parameter.name).toEqual(parameter.default ?? null)
      const takesCallback = callbackParameters({ name: '', summary: '', schema: parameter.schema }) !== undefined
      expect(callbackParameters(ours) !== undefined, `${parameter.name} takes a process graph`).toBe(takesCallback)
    }
    const codes = Object.keys(spec.exceptions ?? {}).filter((code) => !unneeded.has(code))
    expect([...(row.errors ?? [])]).toEqual(expect.arrayContaining(codes))
    expect(row.experimental ?? false).toBe(spec.experimental ?? false)
  })
})

const examples = known.flatMap(({ id, examples: given = [] }) =>
  given.flatMap((example, i) => ('returns' in example ? [[`${id} ${i + 1}`, id, example] as const] : [])),
)

test.skipIf(all.length === 0).each(examples)('example of %s', async (name, id, example) => {
  const returns = { value: example.returns }
  const one = {
    id: name,
    process: id,
    arguments: example.arguments,
    returns,
    throws: undefined,
    required: [],
    delta: 1e-10,
  }
  expect(await runCase(one, {})).toEqual({ state: 'passed' })
})
