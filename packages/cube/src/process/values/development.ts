/** Processes for those who write graphs: looking at values on their way. */
import { required, schemas, valueRow, withDefault } from '../define.ts'
import type { ProcessRow, Value } from '../row.ts'
import { isCube, isFeatures } from '../schema.ts'

/** What is told of a value: cubes and geometries in a few words, the rest as it stands. */
function summaryOf(value: Value): Value {
  if (isCube(value)) {
    const dimensions = value.node.schema.dims.map(({ name, type, labels }) => ({ name, type, size: labels.length }))
    return { type: 'datacube', label: value.node.label, dtype: value.node.schema.packing.dtype, dimensions }
  }
  if (!isFeatures(value)) return value
  const { label, features, crs } = value.features
  return { type: 'features', label, count: features.length, crs: crs.code ?? crs.name }
}

export const developmentRows: readonly ProcessRow[] = [
  valueRow({
    id: 'inspect',
    category: 'development',
    summary: 'Tells a value to whoever listens to the log, and passes it on.',
    chunks: 'value',
    parameters: [
      required('data', 'The value.', schemas.any),
      withDefault('message', 'What to say with it.', schemas.plainText, ''),
      withDefault('code', 'A name to find the entry by.', schemas.plainText, 'User'),
      withDefault('level', 'How grave it is.', { type: 'string', enum: ['error', 'warning', 'info', 'debug'] }, 'info'),
    ],
    returns: { summary: 'The value, unchanged.', schema: schemas.any },
    evaluate(args, context) {
      const data = (args.data ?? null) as Value
      const { message, code, level } = args as { message: string; code: string; level: string }
      context.onInspect({ message, code, level, data: summaryOf(data) })
      return data
    },
  }),
]
