/** Processes on texts. A missing text gives a missing result. Positions count characters (code points) from 0. */
import { arrayOf, required, schemas, valueRow, withDefault } from '../define.ts'
import type { ProcessRow, Value } from '../row.ts'
import { foldCase } from './comparison.ts'

const data = required('data', 'Text to look in.', schemas.text)
const pattern = required('pattern', 'Text to look for, taken literally.', schemas.plainText)
const caseSensitive = withDefault('case_sensitive', 'Whether case matters.', schemas.flag, true)

type Fold = (text: string) => string

const asWritten: Fold = (text) => text

const search = (
  id: string,
  summary: string,
  returns: ProcessRow['returns'],
  meaning: (text: string, pattern: string, fold: Fold) => Value,
): ProcessRow =>
  valueRow({
    id,
    category: 'texts',
    summary,
    parameters: [data, pattern, caseSensitive],
    returns,
    evaluate(args) {
      if (typeof args.data !== 'string' || typeof args.pattern !== 'string') return null
      return meaning(args.data, args.pattern, args.case_sensitive === false ? foldCase : asWritten)
    },
  })

const test = (id: string, summary: string, holds: (text: string, pattern: string) => boolean): ProcessRow =>
  search(id, summary, answer, (text, part, fold) => holds(fold(text), fold(part)))

/** The character, counted from 0, with which `part` begins in `text`; null where it is not found. */
function positionOf(text: string, part: string, fold: Fold): number | null {
  const at = fold(text).indexOf(fold(part))
  if (at < 0) return null
  // Folded characters may be longer than they were (İ): characters are counted as written.
  let [position, end] = [0, 0]
  for (const character of text) {
    end += fold(character).length
    if (end > at) break
    position++
  }
  return position
}

const answer = { summary: 'The answer; null of a missing text.', schema: schemas.boolean }

/** How a value stands in a text: numbers and truth values as JSON writes them, lower case. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : String(value ?? null).toLowerCase()
}

export const textRows: readonly ProcessRow[] = [
  test('text_begins', 'Whether a text begins with another.', (text, part) => text.startsWith(part)),
  test('text_contains', 'Whether a text contains another.', (text, part) => text.includes(part)),
  test('text_ends', 'Whether a text ends with another.', (text, part) => text.endsWith(part)),
  {
    ...search(
      'text_find',
      'Where a text contains another first.',
      { summary: 'The position; null where it is not found.', schema: { type: ['integer', 'null'], minimum: 0 } },
      positionOf,
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
