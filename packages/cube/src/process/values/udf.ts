/** The process that runs a user-defined function on a value. On cubes it runs within the callbacks of cube processes. */

import type { UdfCode } from '../../udf/source.ts'
import { optional, required, schemas, valueRow, withDefault } from '../define.ts'
import type { Arguments, ProcessContext, ProcessRow, Value } from '../row.ts'
import { isCube } from '../schema.ts'

/** Sources that were read already, by what names them, for as long as the node of the graph is in use. */
const loaded = new WeakMap<ProcessContext, Map<string, Promise<UdfCode>>>()

/** The source that the arguments of `run_udf` name, read once per node. */
export function udfOf(args: Arguments, context: ProcessContext): Promise<UdfCode> {
  const [udf, runtime] = [String(args.udf), String(args.runtime)]
  const version = (args.version ?? null) as string | null
  const codes = loaded.get(context) ?? new Map<string, Promise<UdfCode>>()
  loaded.set(context, codes)
  const key = `${runtime} ${version} ${udf}`
  // Threads and files are Node's; a graph without UDFs needs neither.
  const load = async (): Promise<UdfCode> =>
    (await import('../../udf/source.ts')).loadUdf(udf, runtime, version, context.folder)
  const code = codes.get(key) ?? load()
  codes.set(key, code)
  return code
}

async function run(args: Arguments, context: ProcessContext): Promise<Value> {
  const code = await udfOf(args, context)
  const data = (args.data ?? null) as Value
  const given = (args.context ?? {}) as Value
  const options = {
    ...(context.signal === undefined ? {} : { signal: context.signal }),
    ...(context.udfLimits === undefined ? {} : { limits: context.udfLimits }),
    onLog: (message: string) => context.onInspect({ message, code: 'UDF', level: 'info', data: null }),
  }
  if (!isCube(data)) return (await import('../../udf/run.ts')).runUdf(code, data, given, options)
  const { udfNode } = await import('../../udf/cube.ts')
  return { kind: 'cube', node: await udfNode(code, data.node, given, options) }
}

export const udfRows: readonly ProcessRow[] = [
  valueRow({
    id: 'run_udf',
    category: 'development',
    summary:
      'Runs a user-defined function in TypeScript or JavaScript on a value or a whole cube, in a sandbox with limits.',
    chunks: 'value',
    parameters: [
      required('data', 'What the function is given.', schemas.any),
      required('udf', 'Source text of several lines, a path within the folder of the graph, or a URL.', {
        type: 'string',
        minLength: 1,
      }),
      required('runtime', 'TypeScript or JavaScript.', { type: 'string', subtype: 'udf-runtime' }),
      optional('version', 'Version of the contract; 1.', { type: ['string', 'null'], subtype: 'udf-runtime-version' }),
      withDefault('context', 'Further data for the function.', schemas.any, {}),
    ],
    returns: { summary: 'What the function returns.', schema: schemas.any },
    errors: ['InvalidRuntime', 'InvalidVersion', 'FileNotFound', 'UdfFailed', 'UdfTimeout', 'UdfMemory'],
    evaluate: run,
  }),
]
