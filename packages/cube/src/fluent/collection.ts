/** Opening data: layers that keep their own grids and dates, and their explicit alignment to one cube. */
import { resolve } from 'node:path'
import type { Warning, WorkOptions } from '@ecotope/core'
import { type CollectionRequest, openCollection } from '../collection/open.ts'
import { stackLayers } from '../collection/stack.ts'
import type { Layer, LayerSet, StackOptions } from '../collection/types.ts'
import { isUrl } from '../format/sniff.ts'
import { gridResolution } from '../grid.ts'
import { Cube } from './cube.ts'
import { type Derived, derived, type Step, stepOf } from './plain.ts'

export interface CollectionOptions extends Omit<CollectionRequest, 'paths'>, WorkOptions {
  /** Where relative paths start; default the working folder. */
  readonly folder?: string
}

/** Layers of different grids and dates. Nothing is resampled until `stack`. Close it when its cubes are done with. */
export class Collection implements Derived, AsyncDisposable {
  readonly [derived] = true
  readonly step: Step
  readonly #set: LayerSet

  constructor(set: LayerSet, step: Step) {
    this.#set = set
    this.step = step
  }

  get layers(): readonly Layer[] {
    return this.#set.layers
  }
  /** What may surprise: several CRS, files left out. */
  get warnings(): readonly Warning[] {
    return this.#set.warnings
  }
  /** All layers on one grid and one list of dates; which, and how, has to be said where layers differ. */
  stack(options: StackOptions = {}): Cube {
    const { fill, ...rest } = options
    // Missing cells are missing as they are.
    const said = fill === undefined || Number.isNaN(fill) ? rest : options
    const step = stepOf('stack_layers', { data: this, ...said }, 'ecotope')
    return new Cube(stackLayers(this.#set, said), step)
  }
  close(): Promise<void> {
    return this.#set.close()
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
  /** One line per layer: pixel size, size, CRS, dates. */
  toString(): string {
    return [`Collection ${this.#set.label}: ${this.layers.length} layers`, ...this.layers.map(line)].join('\n')
  }
}

function line({ name, grids, times }: Layer): string {
  const [grid] = grids
  if (grid === undefined) return `  ${name}`
  const [x, y] = gridResolution(grid)
  const tiles = grids.length > 1 ? `, ${grids.length} grids` : ''
  const dates = times.length === 0 ? 'static' : `${times.length} dates from ${times[0]} to ${times.at(-1)}`
  const crs = grid.crs.code ?? grid.crs.name
  return `  ${name}: ${x} x ${y}, ${grid.width} x ${grid.height} pixels, ${crs}${tiles}; ${dates}`
}

/**
 * Opens rasters, cubes or a STAC catalogue: `open('s2/*.tif', { time: fromName(/(\d{8})/) })`. Only metadata is read.
 * Throws InputError `NoFiles`, `MissingFile`, `UnknownFormat`, `NoDate` and what the formats throw.
 */
export async function open(paths: string | readonly string[], options: CollectionOptions = {}): Promise<Collection> {
  const { folder, signal, onProgress, onWarning, ...rest } = options
  // The graph of a cube has to find its files from wherever it is run.
  const request = { paths: folder === undefined ? paths : located(paths, folder), ...rest }
  const step = stepOf('open_collection', request, 'ecotope')
  const set = await openCollection(request, {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(onWarning === undefined ? {} : { onWarning }),
  })
  for (const warning of set.warnings) onWarning?.(warning)
  return new Collection(set, step)
}

function located(paths: string | readonly string[], folder: string): string | string[] {
  const locate = (path: string): string => (isUrl(path) ? path : resolve(folder, path))
  return typeof paths === 'string' ? locate(paths) : paths.map(locate)
}
