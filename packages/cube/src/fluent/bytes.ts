/** Amounts of memory as people write them. */
import { InputError } from '@ecotope/core'

const UNITS: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, g: 1e9, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30 }

/** Bytes of `1GB`, `800 MB`, `1.5GiB`. Throws InputError `BadSize`. */
export function parseBytes(size: number | string): number {
  if (typeof size === 'number' && Number.isFinite(size) && size > 0) return size
  const match = typeof size === 'number' ? null : /^(\d+(?:\.\d+)?)\s*([kmg]i?)b$/i.exec(size.trim())
  if (match !== null) return Math.floor(Number(match[1]) * UNITS[match[2]!.toLowerCase()]!)
  throw new InputError('BadSize', `${JSON.stringify(size)} is no amount of memory`, {
    hint: 'write it as 1GB, 800MB or 1.5GiB',
  })
}
