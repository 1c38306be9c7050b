import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createRunner, evaluate, importOnnx, type Program, type Shape, toOnnx, trace } from '../../src/index.ts'
import { rules } from '../../src/onnx/rules/index.ts'
import { relativeError } from '../support.ts'

interface Stored {
  readonly shape: Shape
  readonly type: string
  /** Null stands for what is not finite. */
  readonly data: readonly (number | null)[]
}

interface Row {
  readonly name: string
  readonly opset: number
  readonly model: string
  readonly inputs: Readonly<Record<string, Stored>>
  readonly outputs: Readonly<Record<string, Stored>>
}

const url = new URL('../../../../oracles/tensor/onnx_ops.json', import.meta.url)
const rows = JSON.parse(readFileSync(url, 'utf8')) as readonly Row[]

const kinds: Readonly<Record<string, string>> = { float32: 'float32', int64: 'int32', int32: 'int32', bool: 'bool' }

function programOf(row: Row): Program {
  // Every initialiser is a constant here: what must be known, and what is a parameter, is for other tests.
  const model = importOnnx(new Uint8Array(Buffer.from(row.model, 'base64')), { isParameter: () => false })
  return trace((p, inputs) => model.apply(p, inputs), { parameters: model.parameters, inputs: model.inputs })
}

const numbersOf = ({ data }: Stored): number[] => data.map((value) => value ?? Number.NaN)

function feedsOf(row: Row): Record<string, number[]> {
  return Object.fromEntries(Object.entries(row.inputs).map(([name, stored]) => [name, numbersOf(stored)]))
}

describe('operators give what onnxruntime gives', () => {
  test.each(rows.map((row) => [row.name, row] as const))('%s', (_, row) => {
    const program = programOf(row)
    const actual = evaluate(program, feedsOf(row))
    for (const [name, expected] of Object.entries(row.outputs)) {
      expect(actual[name]!.shape).toEqual(expected.shape)
      expect(program.outputs[name]!.dtype).toBe(kinds[expected.type])
      expect(relativeError(actual[name]!.data, numbersOf(expected))).toBeLessThan(2e-6)
    }
  })
})

test('every operator of the table has a row', () => {
  const covered = new Set(rows.map(({ name }) => name.split(' ')[0]!))
  // In the rows `If` and `Scan 0`.
  covered.add('Constant')
  // Their numbers are ours, not onnxruntime's: `rules.test.ts` has them.
  for (const op of ['RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike']) covered.add(op)
  expect(Object.keys(rules).filter((op) => !covered.has(op))).toEqual([])
})

test('the documentation lists the operators of the table', () => {
  const page = readFileSync(new URL('../../../../docs/bring-a-pytorch-model.md', import.meta.url), 'utf8')
  const list = /^Operators: (.*)\.$/m.exec(page)![1]!
  expect(new Set(list.split(', '))).toEqual(new Set(Object.keys(rules)))
})

test('and once more through ONNX Runtime, all in one program', async () => {
  const rest = rows.filter(({ inputs, outputs }) => {
    // A runner takes numbers, not booleans.
    return (
      Object.values(outputs).every(({ type }) => type === 'float32') &&
      Object.values(inputs).every(({ type }) => type !== 'bool')
    )
  })
  const programs = rest.map(programOf)
  const inputs = Object.fromEntries(
    programs.flatMap((p, i) => Object.entries(p.inputs).map(([name, node]) => [`${i}.${name}`, node])),
  )
  const outputs = Object.fromEntries(
    programs.flatMap((p, i) => Object.entries(p.outputs).map(([name, node]) => [`${i}:${name}`, node])),
  )
  const whole: Program = { ...programs[0]!, inputs, outputs }
  const runner = await createRunner(toOnnx(whole), { threads: 1 })
  const feeds = Object.fromEntries(
    rest.flatMap((row, i) =>
      Object.entries(row.inputs).map(([name, stored]) => {
        const data =
          stored.type === 'float32' ? Float32Array.from(numbersOf(stored)) : Int32Array.from(numbersOf(stored))
        return [`${i}.${name}`, { data, shape: stored.shape }]
      }),
    ),
  )
  const found = await runner.run(feeds)
  await runner.close()
  rest.forEach((row, i) => {
    for (const [name, expected] of Object.entries(row.outputs)) {
      expect(relativeError(found[`${i}:${name}`]!.data, numbersOf(expected)), row.name).toBeLessThan(1e-5)
    }
  })
})
