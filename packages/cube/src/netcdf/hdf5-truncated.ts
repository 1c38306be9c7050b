/**
 * HDF5 files that were cut off, which the library refuses to open unless it is told the length that the file says it had
 * (`hdf5-files.ts`): then all that lies before the end can be read.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

export interface Lengths {
  readonly actual: number
  /** What the superblock says. */
  readonly stored: number
}

/** Where the superblock has the end of the file, by its version. */
const END_AT: readonly number[] = [40, 44, 28, 28]
const SUPERBLOCK_BYTES = 64
/** Sizes of addresses, by the version of the superblock. */
const SIZE_AT: readonly number[] = [13, 13, 9, 9]

/** Both lengths of a file that is shorter than it says; undefined of others. Files are taken to start with the superblock. */
export function truncation(path: string): Lengths | undefined {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(SUPERBLOCK_BYTES)
    const count = readSync(file, head, 0, SUPERBLOCK_BYTES, 0)
    const actual = fstatSync(file).size
    const version = head[8]!
    const end = END_AT[version]
    if (end === undefined || count < end + 8 || head[SIZE_AT[version]!] !== 8) return undefined
    const stored = Number(head.readBigUInt64LE(end))
    return stored > actual && stored <= Number.MAX_SAFE_INTEGER ? { actual, stored } : undefined
  } finally {
    closeSync(file)
  }
}
