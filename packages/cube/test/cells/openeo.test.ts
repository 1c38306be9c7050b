/**
 * openEO's own cases (`openeo_process_tests`) of processes that have a rule: compiled, not interpreted. A missing value
 * and NaN are the same in a cube; cases that throw have to be left to the interpreter, or give what may be returned.
 */
import { readdirSync, readFileSync } from 'node:fs'
import json5 from 'json5'
import { describe, expect, it } from 'vitest'
import { cellOf } from '../../src/cells/build.ts'
import { compileCallback } from '../../src/cells/callback.ts'
import { kernelOf } from '../../src/cells/kernel.ts'
import { cellRules } from '../../src/cells/rules.ts'
import { FLOAT32, FLOAT64, type Packing } from '../../src/model/block.ts'
import type { CellArgument } from '../../src/process/row.ts'
import { dataFolder, hasData } from '../data.ts'
import { block, schema, whole } from './make.ts'

interface Case {
  readonly arguments: Readonly<Record<string, unknown>>
  readonly returns?: unknown
  readonly throws?: string | boolean
}

const FOLDER = 'openeo_process_tests/tests'
const path = `${dataFolder}/${FOLDER}`
const isNodata = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && (value as { type?: string }).type === 'nodata')

/** A value of a cell; undefined where it is none. */
function cellValue(value: unknown): number | undefined {
  if (isNodata(value)) return Number.NaN
  return typeof value === 'number' || typeof value === 'boolean' ? Number(value) : undefined
}

/** Parameters that are cells of a cube; all others are options. */
const CELLS = new Set(['x', 'y', 'base', 'value', 'accept', 'reject'])

interface Made {
  readonly args: Record<string, unknown>
  readonly bindings: Record<string, CellArgument>
  readonly inputs: { readonly dims: Record<string, number>; readonly values: readonly number[] }[]
}

/** Cells as inputs of one cell, arrays as inputs along t; undefined where a case is not about numbers. */
function make(id: string, args: Case['arguments']): Made | undefined {
  const made: Made = { args: {}, bindings: { context: null }, inputs: [] }
  for (const [name, value] of Object.entries(args)) {
    const number = cellValue(value)
    const isCell = CELLS.has(name) || (name === 'p' && (id === 'power' || id === 'exp'))
    if (Array.isArray(value) && name === 'data') {
      const numbers = value.map(cellValue)
      if (numbers.includes(undefined)) return undefined
      made.bindings[name] = {
        kind: 'array',
        dim: 't',
        labels: value.map((_, i) => i),
        of: { kind: 'input', input: made.inputs.length },
      }
      made.inputs.push({ dims: { t: value.length }, values: numbers as number[] })
    } else if (isCell && number !== undefined) {
      made.bindings[name] = { kind: 'input', input: made.inputs.length }
      made.inputs.push({ dims: {}, values: [number] })
    } else if (isCell) return undefined
    else made.args[name] = isNodata(value) ? null : value
    if (name in made.bindings) made.args[name] = { from_parameter: name }
  }
  return made
}

/** The result as numbers; undefined where the call is left to the interpreter. */
function compute(id: string, made: Made, packing: Packing): readonly number[] | undefined {
  const graph = { call: { process_id: id, arguments: made.args, result: true } }
  const result = compileCallback({ graph }, made.bindings)
  const cells = (Array.isArray(result) ? result : [result]).map((each: CellArgument) => cellOf(each))
  const inputs = made.inputs.map(({ dims }) => schema(dims, packing))
  const blocks = inputs.map((cube, i) => block(cube, made.inputs[i]!.values))
  const output = schema({}, packing)
  const kernels = cells.map(
    (cell) =>
      cell &&
      kernelOf(
        cell,
        inputs.map((each) => ({ schema: each })),
        { schema: output },
      ),
  )
  if (kernels.includes(undefined)) return undefined
  return kernels.map((kernel) => kernel!.run(whole(output), blocks).data[0]!)
}

function expectResult(actual: readonly number[], expected: unknown, tolerance: number): void {
  const wanted = (Array.isArray(expected) ? expected : [expected]).map(cellValue)
  expect(actual).toHaveLength(wanted.length)
  for (const [i, value] of wanted.entries()) {
    if (Number.isFinite(value))
      expect(Math.abs(actual[i]! - value!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value!)))
    else expect(actual[i]).toBe(value)
  }
}

/** Cases that contradict the specification, with reasons: the conformance suite's own list. */
const skips = JSON.parse(
  readFileSync(new URL('../../../../scripts/openeo/skips.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, string>>

/** Why a case says nothing about cells; undefined of the others. */
function isOther(id: string, { arguments: args }: Case, number: number): string | undefined {
  const values = Object.values(args)
  if (
    ['gt', 'gte', 'lt', 'lte'].includes(id) &&
    values.some((x) => x === null || typeof x === 'boolean' || Number.isNaN(x))
  ) {
    return 'asks for types of values, or tells NaN from null: cells have one of each'
  }
  return skips[`${id}#${number}`]
}

/** float32 has no number between these and the next whole one. */
const NEEDS_FLOAT64 = new Set(['ceil', 'floor', 'int'])

/** Numbers, booleans and arrays of them. */
const isNumeric = (value: unknown): boolean =>
  Array.isArray(value) ? value.every((each) => cellValue(each) !== undefined) : cellValue(value) !== undefined

describe.skipIf(!hasData(FOLDER))('openEO cases, compiled', () => {
  const files = hasData(FOLDER) ? readdirSync(path).filter((name) => cellRules.has(name.split('.')[0]!)) : []
  // Arrays are known by their dimension there, texts and labels are not compiled; rows need a cube to be made of.
  const numeric = files.filter(
    (name) => !/array_|^is_|nan|^constant|^eq|^neq|^cum|^fit_|^order|^rearrange|^sort/.test(name),
  )

  it('there are many', () => {
    expect(numeric.length).toBeGreaterThan(20)
  })

  it.each(numeric)('%s', (name) => {
    const id = name.split('.')[0]!
    const { tests } = json5.parse<{ tests: readonly Case[] }>(readFileSync(`${path}/${name}`, 'utf8'))
    let compiled = 0
    for (const [i, test] of tests.entries()) {
      const made = make(id, test.arguments)
      if (
        made === undefined ||
        !('returns' in test) ||
        !isNumeric(test.returns) ||
        isOther(id, test, i + 1) !== undefined
      )
        continue
      // Of NaN among an array's values: missing in a cube, so ignored, but spoiling the result of a plain array.
      if (JSON.stringify(test.arguments.data, (_, value) => (Number.isNaN(value) ? 'NaN' : value))?.includes('"NaN"'))
        continue
      for (const [packing, tolerance] of [
        [FLOAT32, 1e-5],
        [FLOAT64, 1e-9],
      ] as const) {
        if (packing === FLOAT32 && NEEDS_FLOAT64.has(id)) continue
        const actual = compute(id, made, packing)
        if (actual === undefined) continue
        compiled++
        expectResult(actual, test.returns, tolerance)
      }
    }
    expect(compiled).toBeGreaterThan(0)
  })
})
