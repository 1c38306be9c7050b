/** The searches by name, as on the command line. Each is loaded when it is first asked for. */
import { InputError } from '@ecotope/core'
import type { Tester } from '../independence/test.ts'
import type { Discovery } from './graph.ts'
import type { SearchOptions } from './options.ts'

/** A search with its own options beside the common ones, checked by the search itself. */
export type SearchFunction = (tester: Tester, options: never) => Promise<Discovery>

/** A row for each search that takes a tester; RPCMCI, which makes its own testers, is not among them. */
export const searches = {
  'pc-stable': async () => (await import('./pc-stable.ts')).discoverParents,
  pc: async () => (await import('./pc-algorithm.ts')).discoverPc,
  pcmci: async () => (await import('./pcmci.ts')).discoverPcmci,
  'pcmci+': async () => (await import('./pcmci-plus.ts')).discoverPcmciPlus,
  lpcmci: async () => (await import('./lpcmci/lpcmci.ts')).discoverLpcmci,
  'jpcmci+': async () => (await import('./jpcmci-plus.ts')).discoverJpcmciPlus,
  mci: async () => (await import('./pcmci.ts')).discoverMci,
  fullci: async () => (await import('./pcmci.ts')).discoverFullCi,
  bivci: async () => (await import('./pcmci.ts')).discoverBivCi,
  dependence: async () => (await import('./pcmci.ts')).laggedDependence,
} as const satisfies Record<string, () => Promise<SearchFunction>>

export type SearchName = keyof typeof searches

/** Throws `InputError` UnknownMethod. */
export async function searchNamed(
  name: string,
): Promise<(tester: Tester, options: SearchOptions) => Promise<Discovery>> {
  if (!Object.hasOwn(searches, name))
    throw new InputError('UnknownMethod', `there is no search ${name}`, {
      hint: `Searches are ${Object.keys(searches).join(', ')}.`,
      data: { name },
    })
  return (await searches[name as SearchName]()) as (tester: Tester, options: SearchOptions) => Promise<Discovery>
}
