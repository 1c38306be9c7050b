/** Colours of classes in maps: Okabe and Ito (2008), told apart with any colour vision. */

const OKABE_ITO = ['#E69F00', '#56B4E9', '#009E73', '#F0E442', '#0072B2', '#D55E00', '#CC79A7', '#000000'] as const
const BACKGROUND = '#DDDDDD'

type Rgb = readonly [red: number, green: number, blue: number]

/** `#rrggbb` by class. A class called background is grey; further classes repeat the palette, darker each time. */
export function classHexColours(names: readonly string[]): string[] {
  let next = names.length === 2 ? 5 : 0
  return names.map((name) => {
    if (name === 'background') return BACKGROUND
    const index = next++
    const shade = 0.75 ** Math.floor(index / OKABE_ITO.length)
    return hex(rgb(OKABE_ITO[index % OKABE_ITO.length]!).map((v) => Math.round(v * shade)))
  })
}

export const classColours = (names: readonly string[]): Rgb[] => classHexColours(names).map(rgb)

function rgb(text: string): Rgb {
  const value = Number.parseInt(text.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

const hex = (values: readonly number[]): string => `#${values.map((v) => v.toString(16).padStart(2, '0')).join('')}`
