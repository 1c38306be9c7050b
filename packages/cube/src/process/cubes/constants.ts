/** Processes of plain arguments within callbacks, evaluated once: dates and texts that labels or the graph tell. */
import { InputError } from '@ecotope/core'
import type { ProcessContext, ProcessRow, Value } from '../row.ts'
import { checkerOf } from '../schema.ts'
import { valueRows } from '../values/index.ts'

/** Those that tell somebody, or run what somebody wrote, run where and as often as they stand. */
const pureRows: ReadonlyMap<string, ProcessRow> = new Map(
  valueRows.filter(({ category }) => category !== 'development').map((row) => [row.id, row]),
)

const nowhere: ProcessContext = { node: 'constant', folder: '.', onInspect: () => undefined, keep: () => undefined }

/** The value of a process; undefined where it fails (so that the interpreter tells why) or would have to wait. */
export function evaluateConstant(id: string, args: Readonly<Record<string, Value>>): Value | undefined {
  const row = pureRows.get(id)
  if (row === undefined || Object.keys(args).some((name) => !row.parameters.some((one) => one.name === name)))
    return undefined
  const filled: Record<string, Value> = {}
  for (const parameter of row.parameters) {
    const given = args[parameter.name]
    const isLeftOut = given === undefined || (given === null && parameter.optional === true)
    if (isLeftOut && parameter.optional !== true) return undefined
    if (!isLeftOut && checkerOf(parameter.schema)(given) !== undefined) return undefined
    const value = isLeftOut && 'default' in parameter ? parameter.default : given
    if (value !== undefined) filled[parameter.name] = value
  }
  try {
    const value = row.evaluate(filled, nowhere)
    return value instanceof Promise ? undefined : value
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}
