/** Pyramids: several resolutions of the same variables, as xcube (`X.levels`), GeoZarr and OME-Zarr lay them out. */
import type { Attributes } from './metadata.ts'
import type { Store } from './store.ts'

/** The places of the levels of `X.levels`, finest first: below the store, or elsewhere by a `.link` file. */
export async function xcubeLevels(store: Store): Promise<string[]> {
  const names = await store.list('')
  const found: string[] = []
  for (let level = 0; ; level++) {
    const [folder, link] = [`${level}.zarr`, `${level}.link`]
    if (names === undefined ? await hasMetadata(store, folder) : names.includes(folder)) found.push(folder)
    else if (names?.includes(link)) found.push(new TextDecoder().decode(await store.get(link)).trim())
    else return found
  }
}

async function hasMetadata(store: Store, folder: string): Promise<boolean> {
  for (const name of ['.zmetadata', '.zgroup', 'zarr.json']) {
    if ((await store.get(`${folder}/${name}`)) !== undefined) return true
  }
  return false
}

/** Groups of the levels that a group's `multiscales` names, finest first; empty where there are none. */
export function multiscaleGroups(attributes: Attributes): string[] {
  const { multiscales } = attributes
  const one = (Array.isArray(multiscales) ? multiscales[0] : multiscales) as
    | { layout?: unknown; datasets?: unknown }
    | undefined
  const list = one?.layout ?? one?.datasets
  if (!Array.isArray(list)) return []
  return list.flatMap((entry: { asset?: unknown; path?: unknown }) => {
    const path = entry.asset ?? entry.path
    return typeof path === 'string' ? [path.replaceAll(/^\/+|\/+$/g, '')] : []
  })
}
