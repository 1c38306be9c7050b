/**
 * Runs user-defined functions (UDFs). A UDF is a file in TypeScript or JavaScript with `function apply(data, context,
 * info)`. For values, `data` is the number, text or array (null where missing) and `info.labels` its labels; what it
 * returns is the result. For blocks of cubes, `data` is a Float32Array or Float64Array (row-major, NaN where missing)
 * and `info` has `shape` and `dims`; it returns an array of the same size, or `{ data, dims }` with other dimensions,
 * which a second function `dims(dims, context)` has to tell beforehand where cubes are lazy.
 *
 * It runs in a process of its own, in a context with the language and `console.log` and nothing else: no files, network,
 * process, imports, code from text, WebAssembly, randomness. Time and memory are limited. That keeps accidents and
 * curiosity in; it is not a wall against somebody who attacks the engine itself, for whom a machine of their own is due.
 */
import type { WorkOptions } from '@ecotope/core'
import { InputError } from '@ecotope/core'
import type { Value } from '../process/row.ts'
import { isCube, isFeatures, isLabeled } from '../process/schema.ts'
import { type BlockMessage, decodeJson, encodeJson, type UdfAnswer, type UdfDimension } from './messages.ts'
import { type UdfCode, udfFailed } from './source.ts'
import { threadOf, type UdfLimits } from './thread.ts'

export interface UdfBlock {
  /** Row-major over the labels of `dims`; NaN is missing. */
  readonly data: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>
  readonly dims: readonly UdfDimension[]
}

export interface UdfOptions extends WorkOptions {
  readonly limits?: UdfLimits
  /** What the UDF says with `console.log`. */
  readonly onLog?: (line: string) => void
}

/** Runs a UDF on a value. Errors (InputError): UdfFailed (with the line), UdfTimeout, UdfMemory. */
export async function runUdf(code: UdfCode, data: Value, context: Value, options: UdfOptions = {}): Promise<Value> {
  if (isCube(data) || isFeatures(data))
    throw new InputError('UdfFailed', `${code.name}: this kind of data cannot be handed to a UDF`, {
      hint: 'Give it numbers, texts or arrays of these.',
    })
  const [plain, info] = isLabeled(data) ? [data.values, { labels: data.labels }] : [data, {}]
  const message = {
    call: 'apply',
    input: { kind: 'value', json: encodeJson(plain) },
    context: encodeJson(context),
    info: encodeJson(info),
  } as const
  const { output } = told(code, await threadOf(code, options.limits).call(message, options.signal), options)
  if (output.kind !== 'value') throw udfFailed(code.name, undefined, 'it gave an array of a cube for a value')
  const value = decodeJson(output.json) as Value
  // Labels stay where elements do.
  if (!isLabeled(data) || !Array.isArray(value) || value.length !== data.labels.length) return value
  return { kind: 'labeled-array', labels: data.labels, values: value }
}

/** Runs a UDF on a block of a cube. The block's array stays as it is. Errors as `runUdf`. */
export async function runUdfOnBlock(
  code: UdfCode,
  block: UdfBlock,
  context: Value,
  options: UdfOptions = {},
): Promise<UdfBlock> {
  const shape = block.dims.map(({ labels }) => labels.length)
  const input: BlockMessage = { kind: 'block', data: block.data, dims: block.dims }
  const message = {
    call: 'apply' as const,
    input,
    context: encodeJson(context),
    info: encodeJson({ shape, dims: block.dims }),
  }
  const { output } = told(code, await threadOf(code, options.limits).call(message, options.signal), options)
  if (output.kind !== 'block') throw udfFailed(code.name, undefined, 'it gave no array')
  const cells = checkedDims(code, output.dims).reduce((product, { labels }) => product * labels.length, 1)
  if (cells !== output.data.length)
    throw udfFailed(
      code.name,
      undefined,
      `it gave ${output.data.length} numbers for dimensions of ${output.dims.map(({ labels }) => labels.length).join(' x ')}`,
      'Return as many as data has, or { data, dims } with the labels of each dimension.',
    )
  return { data: output.data, dims: output.dims }
}

/** The dimensions that a UDF says its results for blocks of `dims` have: these unless it has a function `dims`. */
export async function udfDims(
  code: UdfCode,
  dims: readonly UdfDimension[],
  context: Value,
  options: UdfOptions = {},
): Promise<readonly UdfDimension[]> {
  const input = { kind: 'value', json: encodeJson(dims) } as const
  const message = { call: 'dims', input, context: encodeJson(context), info: '{}' } as const
  const { output } = told(code, await threadOf(code, options.limits).call(message, options.signal), options)
  const said = output.kind === 'value' ? decodeJson(output.json) : null
  return said === null ? dims : checkedDims(code, said)
}

function told(code: UdfCode, answer: UdfAnswer, options: UdfOptions): Exclude<UdfAnswer, { error: unknown }> {
  for (const line of answer.logs) options.onLog?.(line)
  if ('error' in answer) throw udfFailed(code.name, answer.error.line, answer.error.message)
  return answer
}

function checkedDims(code: UdfCode, dims: unknown): readonly UdfDimension[] {
  const isDimension = (one: unknown): boolean =>
    typeof one === 'object' && one !== null && 'name' in one && 'labels' in one && Array.isArray(one.labels)
  if (Array.isArray(dims) && dims.every(isDimension)) return dims as UdfDimension[]
  throw udfFailed(code.name, undefined, 'dims is not a list of { name, type, labels }')
}
