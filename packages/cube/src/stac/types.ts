/** STAC 1.0 and 1.1 documents as far as they are read here. Types only; whatever else they hold stays unread. */
import type { Bounds } from '../types.ts'

export interface StacLink {
  readonly rel: string
  readonly href: string
  readonly type?: string
  readonly method?: string
  readonly body?: Readonly<Record<string, unknown>>
  readonly merge?: boolean
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

/** A band as STAC 1.1 has it, or as `eo:bands` and `raster:bands` of 1.0 have its parts. */
export interface StacBand {
  readonly name?: string
  readonly common_name?: string
  readonly 'eo:common_name'?: string
  /** Micrometres. */
  readonly center_wavelength?: number
  readonly 'eo:center_wavelength'?: number
  readonly description?: string
  readonly unit?: string
  readonly nodata?: number | string | null
  readonly scale?: number
  readonly offset?: number
  readonly 'raster:scale'?: number
  readonly 'raster:offset'?: number
}

export interface StacAsset extends Readonly<Record<string, unknown>> {
  readonly href: string
  readonly type?: string
  readonly roles?: readonly string[]
  readonly bands?: readonly StacBand[]
  readonly 'eo:bands'?: readonly StacBand[]
  readonly 'raster:bands'?: readonly StacBand[]
  readonly nodata?: number | string | null
}

export interface StacItem {
  readonly type: 'Feature'
  readonly stac_version: string
  readonly id: string
  readonly bbox?: readonly number[]
  readonly properties: Readonly<Record<string, unknown>>
  readonly assets: Readonly<Record<string, StacAsset>>
  readonly links: readonly StacLink[]
  readonly collection?: string
}

/** A catalogue, a collection, an API's landing page or a page of items. */
export interface StacContainer extends Readonly<Record<string, unknown>> {
  readonly type?: string
  readonly stac_version?: string
  readonly id?: string
  readonly conformsTo?: readonly string[]
  readonly links?: readonly StacLink[]
  readonly features?: readonly StacItem[]
  readonly assets?: Readonly<Record<string, StacAsset>>
  readonly item_assets?: Readonly<Record<string, Partial<StacAsset>>>
  readonly extent?: {
    readonly spatial?: { readonly bbox?: readonly (readonly number[])[] }
    readonly temporal?: { readonly interval?: readonly (readonly (string | null)[])[] }
  }
}

/** Which items and which of their assets are meant; plain data. */
export interface StacFilter {
  /** West, south, east, north in degrees. */
  readonly bbox?: Bounds
  /** Left-closed interval of instants; null is open. */
  readonly datetime?: readonly [start: string | null, end: string | null]
  /** Most items that are taken. */
  readonly limit?: number
  /** Collections of an API or catalogue. */
  readonly collections?: readonly string[]
  /** Keys of assets; default those that hold data. */
  readonly assets?: readonly string[]
  /** Whether scale and offset of the metadata count where the file has none. Default true. */
  readonly scaled?: boolean
}

/** An item with the place that its relative links start from. */
export interface FoundItem {
  readonly item: StacItem
  readonly base: string
}
