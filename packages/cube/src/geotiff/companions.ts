/** Images that go with a raster's main one: overviews and masks, inside its file or in `.ovr` and `.msk` beside it. */
import { InputError } from '@ecotope/core'
import { type Directory, readDirectories, type TiffFile } from './directory.ts'
import { isHttp } from './http-source.ts'
import { type Image, readImage } from './image.ts'
import { type ByteSource, isThere, openSource } from './source.ts'
import { TAG } from './tags.ts'

/** An image and the file that it is in. */
export interface Companion {
  readonly source: ByteSource
  readonly image: Image
}

export interface Companions {
  /** Finest first. */
  readonly overviews: readonly Companion[]
  /** Masks of the raster and of its overviews. */
  readonly masks: readonly Companion[]
  /** Closes the files beside. */
  close(): Promise<void>
}

/** TIFF NewSubfileType. */
const OVERVIEW = 1
const MASK = 4

/**
 * Overviews and masks of the main image; images of other kinds (pages) are left alone. Files beside are looked for on
 * disks only, overviews in them only where the file has none, as with GDAL.
 */
export async function companionsOf(
  source: ByteSource,
  file: TiffFile,
  full: Image,
  lenient = false,
): Promise<Companions> {
  const kept: Directory[] = []
  for (const directory of file.directories.slice(1)) {
    if ((((await directory.number(TAG.newSubfileType)) ?? 0) & (OVERVIEW | MASK)) !== 0) kept.push(directory)
  }
  const inside = await imagesIn(source, file, kept, lenient)
  const overviews = inside.filter(({ image }) => isOverview(image, full))
  const masks = inside.filter(({ image }) => (image.subfile & MASK) !== 0)
  const opened: ByteSource[] = []
  const beside = async (end: string): Promise<readonly Companion[]> => {
    const other = isHttp(source.path) ? undefined : await openBeside(`${source.path}${end}`)
    if (other === undefined) return []
    opened.push(other)
    const contents = await readDirectories(other)
    return imagesIn(other, contents, contents.directories, lenient)
  }
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((other) => other.close()))
  }
  try {
    if (!masks.some(({ image }) => hasSize(image, full))) {
      // One band of cells for all bands; a mask for each band is not among what is read.
      masks.push(...(await beside('.msk')).filter(({ image }) => image.samples === 1 && image.subfile === 0))
    }
    if (overviews.length === 0) {
      // A damaged one is not missed.
      const found = await beside('.ovr').catch(ifDamaged)
      overviews.push(...found.filter(({ image }) => isOverview(image, full)))
    }
    return { overviews: overviews.sort((a, b) => b.image.width - a.image.width), masks, close }
  } catch (cause) {
    await close()
    throw cause
  }
}

function ifDamaged(cause: unknown): [] {
  if (cause instanceof InputError) return []
  throw cause
}

export const hasSize = (image: Image, { width, height }: Image): boolean =>
  image.width === width && image.height === height

function isOverview(image: Image, full: Image): boolean {
  const isSmaller = image.width <= full.width && image.height <= full.height && !hasSize(image, full)
  return isSmaller && (image.subfile & MASK) === 0 && image.samples === full.samples && image.dtype === full.dtype
}

/** Undefined where there is no such file. */
async function openBeside(path: string): Promise<ByteSource | undefined> {
  if (!(await isThere(path))) return undefined
  try {
    return await openSource(path)
  } catch (cause) {
    if (cause instanceof InputError) return undefined
    throw cause
  }
}

async function imagesIn(
  source: ByteSource,
  file: TiffFile,
  directories: readonly Directory[],
  lenient: boolean,
): Promise<Companion[]> {
  const out: Companion[] = []
  for (const directory of directories) {
    const image = await readableImage(source, file, directory, lenient)
    if (image !== undefined) out.push({ source, image })
  }
  return out
}

/** One in a scheme that is not read (WebP, say) is not missed: the full resolution is there. */
async function readableImage(
  source: ByteSource,
  file: TiffFile,
  directory: Directory,
  lenient: boolean,
): Promise<Image | undefined> {
  try {
    return await readImage(source, file, directory, lenient)
  } catch (cause) {
    if (cause instanceof InputError && cause.tag.startsWith('Unsupported')) return undefined
    throw cause
  }
}
