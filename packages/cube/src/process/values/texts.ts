/** Processes on texts. A missing text gives a missing result. Positions count characters (code points) from 0. */
import { arrayOf, required, schemas, valueRow, withDefault } from '../define.ts'
import type { ProcessRow, Value } from '../row.ts'
import { foldCase } from './comparison.ts'

const data = required('data', 'Text to look in.', schemas.text)
const pattern = required('pattern', 'Text to look for, taken literally.', schemas.plainText)
const caseSensitive = withDefault('case_sensitive', 'Whether case matters.', schemas.flag, true)

const search = (
  id: string,
  summary: string,
  returns: ProcessRow['returns'],
  meaning: (text: string, pattern: string) => Value,
): ProcessRow =>
  valueRow({
    id,
    category: 'texts',
    summary,
    parameters: [data, pattern, caseSensitive],
    returns,
    evaluate(args) {
      if (typeof args.data !== 'string' || typeof args.pattern !== 'string') return null
      const fold = args.case_sensitive === false ? foldCase : (text: string) => text
      return meaning(fold(args.data), fold(args.pattern))
    },
  })

const answer = { summary: 'The answer; null of a missing text.', schema: schemas.boolean }

/** How a value stands in a text: numbers and truth values as JSON writes them, lower case. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : String(value ?? null).toLowerCase()
}

export const textRows: readonly ProcessRow[] = [
  search('text_begins', 'Whether a text begins with another.', answer, (text, part) => text.startsWith(part)),
  search('text_contains', 'Whether a text contains another.', answer, (text, part) => text.includes(part)),
  search('text_ends', 'Whether a text ends with another.', answer, (text, part) => text.endsWith(part)),
  {
    ...search(
      'text_find',
      'Where a text contains another first.',
      { summary: 'The position; null where it is not found.', schema: { type: ['integer', 'null'], minimum: 0 } },
      (text, part) => {
        const at = text.indexOf(part)
        return at < 0 ? null : [...text.slice(0, at)].length
      },
    ),
    experimental: true,
  },
  valueRow({
    id: 'text_concat',
    category: 'texts',
    summary: 'Joins values to one text.',
    parameters: [
      required('data', 'Texts, numbers, truth values or nulls.', { type: 'array', items: schemas.scalar }),
      withDefault('separator', 'What stands between them, written like the others.', schemas.scalar, ''),
    ],
    returns: { summary: 'The text.', schema: schemas.plainText },
    evaluate: (args) => arrayOf(args, 'data').map(textOf).join(textOf(args.separator)),
  }),
]
