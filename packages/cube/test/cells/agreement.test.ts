/** Compiled callbacks and interpreted ones: the same process with the same arguments gives the same value. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cellOf } from '../../src/cells/build.ts'
import { compileCallback } from '../../src/cells/callback.ts'
import { kernelOf } from '../../src/cells/kernel.ts'
import { cellRules } from '../../src/cells/rules.ts'
import { FLOAT64 } from '../../src/model/block.ts'
import { registry } from '../../src/process/registry.ts'
import type { Arguments, CellArgument, ProcessContext, Value } from '../../src/process/row.ts'
import { block, schema, whole } from './make.ts'

const context: ProcessContext = {
  node: 'call',
  folder: '.',
  onInspect: () => undefined,
  keep: () => undefined,
}

const NAN = Number.NaN
/** null of plain values is NaN of cells, true and false are 1 and 0. */
const asNumber = (value: Value | undefined): number => (value === null || value === undefined ? NAN : Number(value))

const number = fc.oneof(
  fc.integer({ min: -9, max: 9 }),
  fc.double({ min: -50, max: 50, noNaN: true }).map((x) => Math.round(x * 64) / 64),
)
const maybe = fc.oneof({ weight: 5, arbitrary: number }, { weight: 1, arbitrary: fc.constant(null) })
const truth = fc.constantFrom(true, false, null)

/** Computes by the rule, from cells of a cube. */
function compiled(
  id: string,
  cells: Readonly<Record<string, Value>>,
  options: Readonly<Record<string, Value>>,
): number | undefined {
  const names = Object.keys(cells)
  const args = Object.fromEntries(names.map((name) => [name, { from_parameter: name }]))
  const inputs = names.map((name) =>
    Array.isArray(cells[name]) ? schema({ t: cells[name].length }, FLOAT64) : schema({}, FLOAT64),
  )
  const bindings = Object.fromEntries(
    names.map((name, input): [string, CellArgument] => [
      name,
      Array.isArray(cells[name])
        ? { kind: 'array', dim: 't', labels: cells[name].map((_, i) => i), of: { kind: 'input', input } }
        : { kind: 'input', input },
    ]),
  )
  const graph = { call: { process_id: id, arguments: { ...args, ...options }, result: true } }
  const cell = cellOf(compileCallback({ graph }, bindings))
  if (cell === undefined) return undefined
  const output = schema({}, FLOAT64)
  const kernel = kernelOf(
    cell,
    inputs.map((each) => ({ schema: each })),
    { schema: output },
  )
  const blocks = names.map((name, i) => {
    const value = cells[name]!
    return block(
      inputs[i]!,
      (Array.isArray(value) ? value : [value]).map((each: Value) => asNumber(each)),
    )
  })
  return kernel.run(whole(output), blocks).data[0]!
}

async function agree(id: string, cells: Record<string, Value>, options: Record<string, Value> = {}): Promise<void> {
  const row = registry.get(id)!
  const actual = compiled(id, cells, options)
  if (actual === undefined) throw new Error(`${id} was not compiled`)
  const filled = Object.fromEntries(
    row.parameters
      .filter((parameter) => parameter.default !== undefined)
      .map((parameter) => [parameter.name, parameter.default]),
  )
  const expected = asNumber((await row.evaluate({ ...filled, ...cells, ...options } as Arguments, context)) as Value)
  const what = `${id} of ${JSON.stringify({ ...cells, ...options })}`
  if (Number.isFinite(expected))
    expect(Math.abs(actual - expected), what).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)))
  else expect(actual, what).toBe(expected)
}

type Run = (id: string) => Promise<void>
const property =
  <T>(arbitrary: fc.Arbitrary<T>, run: (id: string, value: T) => Promise<void>): Run =>
  (id) =>
    fc.assert(
      fc.asyncProperty(arbitrary, (value) => run(id, value)),
      { numRuns: 60 },
    )

const twoNumbers = property(fc.tuple(maybe, maybe), (id, [x, y]) => agree(id, { x, y }))
const oneNumber = property(maybe, (id, x) => agree(id, { x }))
const list = fc.array(maybe, { minLength: 1, maxLength: 9 })
const reducer = property(fc.tuple(list, fc.boolean()), (id, [data, ignore_nodata]) =>
  agree(id, { data }, { ignore_nodata }),
)

const CASES: Readonly<Record<string, Run>> = {
  ...Object.fromEntries(
    ['add', 'subtract', 'multiply', 'gt', 'gte', 'lt', 'lte', 'eq', 'neq'].map((id) => [id, twoNumbers]),
  ),
  ...Object.fromEntries(
    ['absolute', 'floor', 'ceil', 'int', 'sgn', 'sin', 'cos', 'tan', 'arctan'].map((id) => [id, oneNumber]),
  ),
  ...Object.fromEntries(
    ['sinh', 'cosh', 'tanh', 'arsinh', 'is_nodata', 'is_valid', 'is_infinite'].map((id) => [id, oneNumber]),
  ),
  ...Object.fromEntries(
    ['sum', 'mean', 'product', 'min', 'max', 'median', 'variance', 'sd', 'first', 'last'].map((id) => [id, reducer]),
  ),
  ...Object.fromEntries(
    ['and', 'or', 'xor'].map((id) => [id, property(fc.tuple(truth, truth), (_, [x, y]) => agree(id, { x, y }))]),
  ),
  ...Object.fromEntries(
    ['any', 'all'].map((id) => [
      id,
      property(fc.tuple(fc.array(truth, { minLength: 1, maxLength: 5 }), fc.boolean()), (_, [data, ignore_nodata]) =>
        agree(id, { data }, { ignore_nodata }),
      ),
    ]),
  ),
  not: property(truth, (id, x) => agree(id, { x })),
  divide: property(
    fc.tuple(
      maybe,
      number.filter((y) => y !== 0),
    ),
    (id, [x, y]) => agree(id, { x, y }),
  ),
  mod: property(
    fc.tuple(
      maybe,
      number.filter((y) => y !== 0),
    ),
    (id, [x, y]) => agree(id, { x, y }),
  ),
  power: property(fc.tuple(maybe, fc.integer({ min: -3, max: 4 })), (id, [base, p]) =>
    agree(id, { base: base === 0 ? 1 : base, p }),
  ),
  exp: property(maybe, (id, p) => agree(id, { p })),
  ...Object.fromEntries(
    ['sqrt', 'ln'].map((id) => [
      id,
      property(fc.double({ min: 0.001, max: 1e6, noNaN: true }), (_, x) => agree(id, { x })),
    ]),
  ),
  log: property(
    fc.tuple(fc.double({ min: 0.001, max: 1e6, noNaN: true }), fc.constantFrom(2, 10, 3.5)),
    (id, [x, base]) => agree(id, { x }, { base }),
  ),
  arctan2: property(fc.tuple(maybe, maybe), (id, [y, x]) => agree(id, { y, x })),
  round: property(fc.tuple(maybe, fc.integer({ min: -1, max: 3 })), (id, [x, p]) => agree(id, { x }, { p })),
  clip: property(
    fc.tuple(maybe, fc.integer({ min: -9, max: 0 }), fc.integer({ min: 0, max: 9 })),
    (id, [x, min, max]) => agree(id, { x }, { min, max }),
  ),
  linear_scale_range: property(fc.tuple(maybe, number, number), (id, [x, outputMin, outputMax]) =>
    agree(id, { x }, { inputMin: -5, inputMax: 7, outputMin, outputMax }),
  ),
  between: property(fc.tuple(maybe, fc.integer({ min: -9, max: 9 }), fc.boolean()), (id, [x, min, exclude_max]) =>
    agree(id, { x }, { min, max: 4, exclude_max }),
  ),
  if: property(fc.tuple(truth, number, maybe), (id, [value, accept, reject]) =>
    agree(id, { value, accept }, { reject }),
  ),
  normalized_difference: property(
    fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 99 })),
    (id, [x, y]) => agree(id, { x, y }),
  ),
  count: property(list, (id, data) => agree(id, { data })),
  array_element: property(fc.tuple(list, fc.nat(12)), (id, [data, index]) =>
    agree(id, { data }, { index, return_nodata: true }),
  ),
}

describe('compiled as interpreted', () => {
  it.each(Object.entries(CASES))('%s', async (id, run) => {
    await run(id)
  })

  it('every rule is of a process that exists', () => {
    for (const id of cellRules.keys()) expect(registry.has(id), id).toBe(true)
  })

  it('quantiles', async () => {
    const row = registry.get('quantiles')!
    await fc.assert(
      fc.asyncProperty(list, fc.constantFrom(0, 0.1, 0.5, 0.99, 1), async (data, p) => {
        const expected = (await row.evaluate(
          { data, probabilities: [p], ignore_nodata: true },
          context,
        )) as readonly Value[]
        const actual = compiled('quantiles', { data }, { probabilities: [p] })
        const value = asNumber(expected[0])
        if (Number.isNaN(value)) expect(actual).toBe(NAN)
        else expect(actual).toBeCloseTo(value, 9)
      }),
      { numRuns: 60 },
    )
  })
})
