/** Processes on STAC documents as JSON. */
import { isObject } from '../../graph/references.ts'
import { required, valueRow } from '../define.ts'
import type { ProcessRow, Value } from '../row.ts'

const RESOURCE = { type: 'object', subtype: 'stac' }

/** JSON Merge Patch (RFC 7386): members of the patch replace those of the target, null removes them. */
export function mergePatch(target: Value | undefined, patch: Value): Value {
  if (!isObject(patch)) return patch
  const merged = new Map<string, Value>(isObject(target) ? (Object.entries(target) as [string, Value][]) : [])
  for (const [name, value] of Object.entries(patch) as [string, Value][]) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

export const stacRows: readonly ProcessRow[] = [
  valueRow({
    id: 'stac_modify',
    category: 'import and export',
    summary: 'Changes a STAC document by a JSON Merge Patch.',
    experimental: true,
    chunks: 'value',
    parameters: [
      required('data', 'The document.', RESOURCE),
      required('changes', 'What is to be other; null removes a member.', { type: 'object' }),
    ],
    returns: { summary: 'The changed document.', schema: RESOURCE },
    evaluate: (args) => mergePatch(args.data as Value, args.changes as Value),
  }),
]
