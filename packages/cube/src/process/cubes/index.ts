/** Rows of all processes on cubes. */
import type { ProcessRow } from '../row.ts'

export const cubeRows: readonly ProcessRow[] = []
