/**
 * Surface reflectance of the simulated covers in RapidEye's five bands (blue 440-510, green 520-590, red 630-685, red edge
 * 690-730, near infrared 760-850 nm), and how much each varies. Typical values of spectral libraries, rounded; simulated.
 */

export const BANDS = ['blue', 'green', 'red', 'redEdge', 'nir'] as const
export type BandName = (typeof BANDS)[number]

export type Spectrum = readonly [blue: number, green: number, red: number, redEdge: number, nir: number]

interface Cover {
  readonly spectrum: Spectrum
  /** Relative standard deviation of brightness from place to place. */
  readonly variation: number
  /** Share of the texture of crowns (forest) or furrows in brightness. */
  readonly texture: number
}

export const COVERS = {
  forest: { spectrum: [0.022, 0.042, 0.024, 0.118, 0.34], variation: 0.1, texture: 0.3 },
  shrub: { spectrum: [0.031, 0.06, 0.042, 0.15, 0.345], variation: 0.1, texture: 0.16 },
  pasture: { spectrum: [0.042, 0.08, 0.068, 0.175, 0.33], variation: 0.1, texture: 0.05 },
  dryGrass: { spectrum: [0.058, 0.096, 0.112, 0.19, 0.285], variation: 0.1, texture: 0.06 },
  crop: { spectrum: [0.036, 0.078, 0.046, 0.165, 0.44], variation: 0.12, texture: 0.06 },
  soil: { spectrum: [0.066, 0.108, 0.17, 0.222, 0.285], variation: 0.14, texture: 0.06 },
  debris: { spectrum: [0.082, 0.126, 0.182, 0.232, 0.292], variation: 0.16, texture: 0.12 },
  saprolite: { spectrum: [0.108, 0.16, 0.222, 0.275, 0.335], variation: 0.16, texture: 0.1 },
  rock: { spectrum: [0.088, 0.113, 0.135, 0.163, 0.2], variation: 0.18, texture: 0.14 },
  quarry: { spectrum: [0.165, 0.205, 0.24, 0.268, 0.3], variation: 0.16, texture: 0.1 },
  dirtRoad: { spectrum: [0.098, 0.14, 0.192, 0.232, 0.275], variation: 0.1, texture: 0.03 },
  asphalt: { spectrum: [0.078, 0.09, 0.1, 0.112, 0.13], variation: 0.06, texture: 0.03 },
  roof: { spectrum: [0.15, 0.165, 0.2, 0.225, 0.25], variation: 0.3, texture: 0.2 },
  water: { spectrum: [0.05, 0.072, 0.07, 0.052, 0.03], variation: 0.06, texture: 0.02 },
  sand: { spectrum: [0.13, 0.17, 0.21, 0.238, 0.272], variation: 0.1, texture: 0.04 },
} as const satisfies Record<string, Cover>

export type CoverName = keyof typeof COVERS
export const COVER_NAMES = Object.keys(COVERS) as readonly CoverName[]
