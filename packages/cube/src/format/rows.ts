/** Rows of the table of formats. Readers are loaded when the first file of their format is opened. */
import type { ArraySource } from '../model/array-source.ts'
import type { FormatRow, OpenedLayers } from './layers.ts'
import { startsWith } from './sniff.ts'

const nameOf = (path: string): string =>
  path
    .replace(/[?#].*$/, '')
    .replace(/\/+$/, '')
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.[^.]+$/, '')

/** A file that is one array. */
const single = (format: string, path: string, source: ArraySource): OpenedLayers => ({
  format,
  path,
  layers: [{ name: nameOf(path), source }],
  close: () => source.close(),
})

const isTiff = (head: Uint8Array): boolean =>
  ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((magic) => startsWith(head, magic))

const geotiff: FormatRow = {
  format: 'GTiff',
  aliases: ['geotiff', 'tiff', 'tif', 'cog'],
  extensions: ['.tif', '.tiff'],
  sniff: isTiff,
  open: async (path, { crs, options = {} }) => {
    const { geotiffSource } = await import('../geotiff/array-source.ts')
    const overview = typeof options.overview === 'number' ? { overview: options.overview } : {}
    return single('GTiff', path, await geotiffSource(path, { ...overview, ...(crs === undefined ? {} : { crs }) }))
  },
  handleOpen: async (handle) => (await import('../geotiff/array-source.ts')).geotiffFromHandle(handle),
}

/** In the order in which first bytes are tried. */
export const ROWS: readonly FormatRow[] = [geotiff]
