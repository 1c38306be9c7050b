/** Rows of all processes on values. */
import type { ProcessRow } from '../row.ts'
import { mathRows } from './math.ts'

export const valueRows: readonly ProcessRow[] = [...mathRows]
