/** A STAC item, folder, catalogue, collection or API as a collection of layers. */
import { InputError, throwIfAborted, type Warning } from '@ecotope/core'
import {
  type CollectionRequest,
  collectionOf,
  isSkipped,
  leftOut,
  type OpenCollectionOptions,
} from '../collection/open.ts'
import { type BandPiece, piecesOf } from '../collection/pieces.ts'
import { type SourcePool, sourcePool } from '../collection/pool.ts'
import type { LayerSet } from '../collection/types.ts'
import { sourceFor } from '../collection/with-missing.ts'
import { openLayers } from '../format/formats.ts'
import { refuseForeign } from '../format/sniff.ts'
import {
  bandOf,
  bandsOfAsset,
  crsOfAsset,
  dataAssets,
  described,
  formatOfType,
  instantOfItem,
  isPackedAlike,
} from './assets.ts'
import { resolveHref } from './read.ts'
import type { FoundItem, StacAsset, StacBand } from './types.ts'
import { itemsOf } from './walk.ts'

/** Assets that are opened at one time. */
const ABREAST = 8

/** Throws `InputError`: `NoDataAvailable` (no item or no data asset), `BadStac`, what reading and the formats throw. */
export async function openStac(
  path: string,
  request: CollectionRequest,
  options: OpenCollectionOptions = {},
): Promise<LayerSet> {
  const found: FoundItem[] = []
  const { accepts } = options
  for await (const one of itemsOf(path, request.stac ?? {}, options)) {
    if (accepts === undefined || (await accepts(one.item.properties))) found.push(one)
  }
  const wanted = request.stac?.assets
  const assets = found.flatMap(({ item, base }) =>
    dataAssets(item, wanted).map(([key, asset]): AssetOf => ({ item, base, key, asset })),
  )
  if (assets.length === 0) throw nothing(path, found)
  const pool = sourcePool()
  try {
    const { images, warnings } = await imagesOf(assets, request, pool, options)
    return collectionOf(path, images, request, warnings, pool)
  } catch (cause) {
    await pool.close()
    throw cause
  }
}

interface AssetOf extends FoundItem {
  readonly key: string
  readonly asset: StacAsset
}

const nothing = (path: string, found: readonly FoundItem[]): InputError =>
  new InputError(
    'NoDataAvailable',
    found.length === 0
      ? `${path} has no item for the given extents`
      : `none of the ${found.length} items of ${path} has an asset with data`,
    {
      hint:
        found.length === 0
          ? 'widen the extents in space and time'
          : `assets are ${[...new Set(found.flatMap(({ item }) => Object.keys(item.assets)))].join(', ')}; name some with stac: { assets: [...] }`,
      data: { path, items: found.length },
    },
  )

async function imagesOf(
  assets: readonly AssetOf[],
  request: CollectionRequest,
  pool: SourcePool,
  options: OpenCollectionOptions,
): Promise<{ images: BandPiece[]; warnings: Warning[] }> {
  const found = new Array<readonly BandPiece[]>(assets.length)
  const warnings: Warning[] = []
  const queue = assets.entries()
  const work = async (): Promise<void> => {
    for (const [i, asset] of queue) {
      throwIfAborted(options.signal)
      const images = await imagesOfAsset(asset, request, pool, options).catch((cause: unknown) => {
        if (assets.length === 1 || !isSkipped(cause, options)) throw cause
        warnings.push(leftOut(cause))
      })
      if (images === undefined) continue
      if (images.length === 0) {
        warnings.push({ tag: 'NoGrid', message: `${asset.item.id}: asset ${asset.key} has no grid and is left out` })
      }
      found[i] = images
    }
  }
  await Promise.all(Array.from({ length: ABREAST }, work))
  return { images: distinctNames(assets, found), warnings }
}

async function imagesOfAsset(
  of: AssetOf,
  request: CollectionRequest,
  pool: SourcePool,
  options: OpenCollectionOptions,
): Promise<BandPiece[]> {
  const { item, key, asset, base } = of
  const path = resolveHref(asset.href, base)
  refuseForeign(path)
  const format = formatOfType(asset.type)
  const crs = request.crs ?? crsOfAsset(asset, item)
  const { layers } = await pool.add(() => openWithCrs(path, format, crs))
  const bands = bandsOfAsset(key, asset, item)
  const time = instantOfItem(item, asset)
  const isScaled = request.stac?.scaled ?? true
  return layers.flatMap(({ name, source }) => {
    const count = source.schema.dims.find((dim) => dim.type === 'bands')?.labels.length ?? 1
    const known = layers.length === 1 && bands?.length === count ? bands : undefined
    const isOne = isPackedAlike(asset, known)
    const images = piecesOf({
      path,
      name: layers.length === 1 ? key : name,
      source: sourceFor(isOne ? described(source, asset, known?.[0], isScaled) : source, options),
      ...(time === undefined ? {} : { time }),
      ...(known === undefined ? {} : { bands: known.map(bandOf) }),
    })
    if (isOne || images === undefined) return images ?? []
    return images.map((image) => withOwnPacking(image, asset, known!, isScaled))
  })
}

/** A plane of a file whose bands are packed differently, with the packing of its own band. */
function withOwnPacking(image: BandPiece, asset: StacAsset, bands: readonly StacBand[], isScaled: boolean): BandPiece {
  const band = bands.find(({ name }) => name === image.band.name)
  const source = described(image.piece.source, asset, band, isScaled)
  return { ...image, piece: { ...image.piece, source, packing: source.schema.packing } }
}

/** The file's own CRS counts; the catalogue's only where the file has none. */
async function openWithCrs(path: string, format: string | undefined, crs: string | undefined) {
  const own = format === undefined ? {} : { format }
  try {
    return await openLayers(path, own)
  } catch (cause) {
    if (crs === undefined || !(cause instanceof InputError) || cause.tag !== 'NoCrs') throw cause
    return openLayers(path, { ...own, crs })
  }
}

/** Bands that two assets of one item both have get the asset's key in front, from the second asset on. */
function distinctNames(assets: readonly AssetOf[], found: readonly (readonly BandPiece[])[]): BandPiece[] {
  const owner = new Map<string, string>()
  return found.flatMap((images, i) => {
    const { key } = assets[i]!
    return images.map((image) => {
      const { name } = image.band
      if (!owner.has(name)) owner.set(name, key)
      return owner.get(name) === key ? image : { ...image, band: { ...image.band, name: `${key}.${name}` } }
    })
  })
}
