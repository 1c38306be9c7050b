/** Reflectance as a satellite would deliver it: covers mixed, textured, lit, with scars, haze and the optics' blur. */
import type { Random } from '@ecotope/core'
import type { LandCover } from './landcover.ts'
import type { Light } from './light.ts'
import { fieldOf, fractal, gradientNoise, smoothstep } from './noise.ts'
import type { Relief } from './relief.ts'
import { insideScar, type Scar } from './scars.ts'
import { BANDS, COVER_NAMES, COVERS, type CoverName, type Spectrum } from './spectra.ts'

const SIZE = BANDS.length

/** Share of the light that comes straight from the sun, by band. */
const DIRECT: Spectrum = [0.7, 0.77, 0.83, 0.87, 0.91]
/** Reflectance that haze adds where it is thickest. */
const HAZE: Spectrum = [0.026, 0.016, 0.01, 0.007, 0.004]

interface Textures {
  readonly crowns: Float32Array
  readonly broad: Float32Array
  readonly tint: Float32Array
}

function texturesOf(seed: number, side: number): Textures {
  const [a, b] = [gradientNoise(seed), gradientNoise(seed + 1)]
  return {
    crowns: fieldOf((x, y) => 0.75 * a(x / 2.3, y / 2.3) + 0.5 * b(x / 4.9, y / 4.9), side, side),
    broad: fieldOf(fractal(seed + 2, 26, 4, 0.6), side, side),
    tint: fieldOf(fractal(seed + 3, 44, 3), side, side),
  }
}

/** Adds `share` of a cover's textured spectrum at a pixel. */
function add(out: Float64Array, name: CoverName, share: number, t: Textures, i: number): void {
  const { spectrum, variation, texture } = COVERS[name]
  const level = share * Math.max(0.15, 1 + variation * 1.6 * t.broad[i]! + texture * t.crowns[i]!)
  // Redder or greener soils and stands: visible and infrared bands drift apart.
  const drift = variation * 0.8 * t.tint[i]!
  for (let b = 0; b < SIZE; b++) out[b]! += level * spectrum[b]! * (1 + drift * (b === 4 ? -0.6 : b === 3 ? -0.2 : 0.5))
}

/** What scars leave: per pixel the share covered and the recipe of covers in it. */
export interface ScarCover {
  /** Share of the pixel inside a scar, in [0, 1]. */
  readonly share: Float32Array<ArrayBuffer>
  /** Share of the scar there that is plants, in [0, 1]. */
  readonly plants: Float32Array<ArrayBuffer>
  /** Share of bare ground that is pale saprolite. */
  readonly fresh: Float32Array<ArrayBuffer>
  /** Share of the other bare ground that is topsoil rather than debris. */
  readonly topsoil: Float32Array<ArrayBuffer>
}

/** Rasters of the scars as they are on the ground; hollows them out of `relief.height`, with a bulge at the toe. */
export function layScars(scars: readonly Scar[], relief: Relief, seed: number): ScarCover {
  const n = relief.side * relief.side
  const out = {
    share: new Float32Array(n),
    plants: new Float32Array(n),
    fresh: new Float32Array(n),
    topsoil: new Float32Array(n),
  }
  const patches = fractal(seed, 7, 3)
  for (const scar of scars) {
    const reach = Math.max(...scar.track.map((p) => p.radius)) * scar.scale * 1.35 + 3
    const xs = scar.track.map((p) => p.x)
    const ys = scar.track.map((p) => p.y)
    const depth = Math.min(4, 0.6 + 0.03 * Math.sqrt(scar.areaSquareMetres))
    for (let y = Math.floor(Math.min(...ys) - reach); y <= Math.max(...ys) + reach; y++) {
      for (let x = Math.floor(Math.min(...xs) - reach); x <= Math.max(...xs) + reach; x++) {
        const [inside, s] = insideScar(scar, x, y, 0.9)
        if (inside <= -0.5) continue
        const i = y * relief.side + x
        const share = Math.min(1, inside + 0.5)
        const patch = patches(x, y)
        // Plants come back from the edges and in patches, first on the debris.
        const back = scar.regrowth * 1.15 + 0.35 * patch + 0.14 * s - 0.07 * Math.min(3, inside) + 0.05
        out.share[i] = Math.max(out.share[i]!, share)
        out.plants[i] = Math.min(0.95, Math.max(0, back))
        out.fresh[i] = scar.pale * smoothstep(0.75, 0.25, s + 0.3 * patch)
        out.topsoil[i] = 1 - 0.8 * scar.pale
        relief.height[i]! +=
          share * depth * (s < 0.7 ? -smoothstep(0, 2.5, inside) * (1 - s) : 0.45 * (s - 0.7)) + 0.25 * share * patch
      }
    }
  }
  return out
}

/** Surface reflectance seen from above, `[5, side, side]`, before the sensor. */
export function reflectanceOf(
  random: Random,
  relief: Relief,
  cover: LandCover,
  scars: ScarCover,
  light: Light,
): Float32Array<ArrayBuffer> {
  const { side } = relief
  const n = side * side
  const seed = random.split('texture').integer(2 ** 30)
  const textures = texturesOf(seed, side)
  const haze = fractal(seed + 9, 420, 3)
  const out = new Float32Array(SIZE * n)
  const pixel = new Float64Array(SIZE)
  for (let i = 0; i < n; i++) {
    pixel.fill(0)
    const scar = scars.share[i]!
    if (scar < 1) {
      const share = cover.share[i]!
      add(pixel, COVER_NAMES[cover.main[i]!]!, (1 - scar) * (1 - share), textures, i)
      if (share > 0) add(pixel, COVER_NAMES[cover.other[i]!]!, (1 - scar) * share, textures, i)
    }
    if (scar > 0) addScar(pixel, scars, textures, i)
    // Thicker in the valleys and towards one side.
    const thick = Math.max(
      0,
      0.55 + 0.5 * haze(i % side, Math.floor(i / side)) + 0.35 * smoothstep(220, 20, relief.aboveRiver[i]!),
    )
    for (let b = 0; b < SIZE; b++) {
      const lit = DIRECT[b]! * light.direct[i]! + (1 - DIRECT[b]!) * light.sky[i]!
      out[b * n + i] = pixel[b]! * lit * (1 - 0.06 * thick) + HAZE[b]! * thick * 0.6
    }
  }
  return out
}

function addScar(pixel: Float64Array, scars: ScarCover, textures: Textures, i: number): void {
  const share = scars.share[i]!
  const plants = scars.plants[i]!
  const bare = share * (1 - plants)
  const fresh = bare * scars.fresh[i]! * 0.7
  const topsoil = (bare - fresh) * scars.topsoil[i]!
  add(pixel, 'saprolite', fresh, textures, i)
  add(pixel, 'soil', topsoil, textures, i)
  add(pixel, 'debris', bare - fresh - topsoil, textures, i)
  add(pixel, 'dryGrass', share * plants * 0.4, textures, i)
  add(pixel, 'shrub', share * plants * 0.6, textures, i)
}

/** The optics' point spread: weights 1, 2, 1 along both axes, per band, in place. */
export function soften(bands: Float32Array, side: number): void {
  const n = side * side
  const row = new Float32Array(n)
  for (let start = 0; start < bands.length; start += n) {
    for (let i = 0; i < n; i++) {
      const x = i % side
      row[i] =
        (bands[start + (x > 0 ? i - 1 : i)]! + 2 * bands[start + i]! + bands[start + (x + 1 < side ? i + 1 : i)]!) / 4
    }
    for (let i = 0; i < n; i++) {
      bands[start + i] = (row[i >= side ? i - side : i]! + 2 * row[i]! + row[i + side < n ? i + side : i]!) / 4
    }
  }
}
