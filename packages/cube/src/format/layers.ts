/** What a format gives when a file is opened, and what a row of the table of formats is. Types only. */
import type { InputError, WorkOptions } from '@ecotope/core'
import type { SinkFormat } from '../execute/sink.ts'
import type { ArraySource, SourceHandle } from '../model/array-source.ts'

/** One array of a file, under the name that the file gives it (a variable, or the file's own name). */
export interface OpenedLayer {
  readonly name: string
  readonly source: ArraySource
}

/** The arrays of one file or store; `close` closes all of them. */
export interface OpenedLayers {
  readonly format: string
  readonly path: string
  readonly layers: readonly OpenedLayer[]
  /** Why other arrays of it are no layers. Default: there are none. */
  readonly refused?: readonly InputError[]
  close(): Promise<void>
}

export interface OpenLayersOptions extends WorkOptions {
  /** Text of the CRS that is used where a file names none. */
  readonly crs?: string
  /** Options of the format, as `load_uploaded_files` has them. */
  readonly options?: Readonly<Record<string, unknown>>
}

/** One format: how it is known, opened, opened again from a handle, and written. */
export interface FormatRow {
  /** openEO name: `GTiff`, `Zarr`, `netCDF`. */
  readonly format: string
  /** Other names that people give it, in lower case. */
  readonly aliases: readonly string[]
  /** With the dot, in lower case. */
  readonly extensions: readonly string[]
  /** Whether the first bytes of a file (up to 512) are this format's. */
  sniff?(head: Uint8Array): boolean
  /** Names of entries by which a folder is known as a store of this format. */
  readonly marks?: readonly string[]
  open?(path: string, options: OpenLayersOptions): Promise<OpenedLayers>
  /** Opens one array again, elsewhere or later. */
  handleOpen?(handle: SourceHandle): Promise<ArraySource>
  /** Files that hold no rasters, which folders of rasters often have too, are opened by name only. */
  readonly isTable?: boolean
  readonly sink?: SinkFormat
}
