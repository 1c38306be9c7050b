/** From values to coloured pixels: map rasters become RGBA, and two class maps become a map of their errors. */
import { classColours, rampTable, rgbOf } from '@ecotope/cube'
import type { ClassRaster, ClassStyle, MapRaster, RampRaster, RgbRaster } from './types.ts'

type Painter<R extends MapRaster> = (raster: R) => Uint8Array | Uint8ClampedArray

const PAINTERS: { [K in MapRaster['kind']]: Painter<Extract<MapRaster, { kind: K }>> } = {
  rgb: (raster: RgbRaster) => raster.data,
  classes: paintClasses,
  ramp: paintRamp,
}

/** RGBA bytes `[height, width, 4]`; transparent where there is no value. */
export function paint(raster: MapRaster): Uint8Array | Uint8ClampedArray {
  return (PAINTERS[raster.kind] as Painter<MapRaster>)(raster)
}

function paintClasses({ data, classes }: ClassRaster): Uint8Array {
  const colours = classColours(classes).map(rgbOf)
  const out = new Uint8Array(data.length * 4)
  for (let i = 0; i < data.length; i++) {
    const colour = colours[data[i]!]
    if (!colour) continue
    out.set(colour, 4 * i)
    out[4 * i + 3] = 255
  }
  return out
}

function paintRamp({ data, range: [low, high], ramp = 'viridis' }: RampRaster): Uint8Array {
  const table = rampTable(ramp)
  const scale = high > low ? 255 / (high - low) : 0
  const out = new Uint8Array(data.length * 4)
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!
    if (Number.isNaN(value)) continue
    const at = 3 * Math.round(Math.min(255, Math.max(0, (value - low) * scale)))
    out[4 * i] = table[at]!
    out[4 * i + 1] = table[at + 1]!
    out[4 * i + 2] = table[at + 2]!
    out[4 * i + 3] = 255
  }
  return out
}

const AGREES = '#e2e0da'

/** Styles of an error map, in the order of its indices. */
export function errorStyles(classes: readonly ClassStyle[]): ClassStyle[] {
  if (classes.length !== 2) {
    return [
      { name: 'agrees with the reference', colour: AGREES },
      { name: 'differs', colour: '#b3202c' },
    ]
  }
  const target = classes[1]!.name
  return [
    { name: `rightly not ${target}`, colour: AGREES },
    { name: `${target}, found`, colour: '#009e73' },
    { name: `false alarm (mapped as ${target}, is not)`, colour: '#e69f00' },
    { name: `missed (is ${target}, not mapped)`, colour: '#004b87' },
  ]
}

/** Right and wrong per pixel; undefined where the two differ in size. No value where either has none. */
export function errorRaster(map: ClassRaster, reference: ClassRaster): ClassRaster | undefined {
  if (map.width !== reference.width || map.height !== reference.height) return undefined
  const binary = map.classes.length === 2
  const data = new Int8Array(map.data.length).fill(-1)
  for (let i = 0; i < data.length; i++) {
    const m = map.data[i]!
    const r = reference.data[i]!
    if (!(m in map.classes && r in map.classes)) continue
    if (binary) data[i] = m === r ? m : m === 1 ? 2 : 3
    else data[i] = m === r ? 0 : 1
  }
  return { ...map, data, classes: errorStyles(map.classes) }
}
