/**
 * What a report is made of: plain values, already small enough to sit inside one HTML file. Types only.
 * Whoever ran the steps fills it; `renderReport` shows it. Every optional part may be missing and is then left out, or
 * its absence is explained where a reader would look for it.
 */
import type {
  AreaEstimate,
  BootstrapInterval,
  CalibrationFit,
  ConfusionMatrix,
  PrecisionRecallCurve,
  Refusal,
  Reliability,
  Scores,
} from '@ecotope/belief'
import type { Warning } from '@ecotope/core'
import type { RampName } from '@ecotope/cube'

/** A class as the report draws it everywhere. */
export interface ClassStyle {
  readonly name: string
  /** `#rrggbb`; default: the Okabe-Ito palette in order. */
  readonly colour?: string
}

export type { RampName }

interface RasterView {
  /** Pixels; at most 768 a side. */
  readonly width: number
  readonly height: number
  /** Ground width of one pixel of this view, metres. Gives the scale bar; leave out for unknown. */
  readonly metresPerPixel?: number
  /** Clockwise angle from up to grid north, degrees; default 0. */
  readonly northDeg?: number
}

/** A picture: `data` is RGBA, `[height, width, 4]`; transparent where there is nothing. */
export interface RgbRaster extends RasterView {
  readonly kind: 'rgb'
  readonly data: Uint8Array | Uint8ClampedArray
  /** What is shown as red, green, blue, and how it was stretched. */
  readonly legend?: string
}

/** Class indices, `[height, width]`; negative or 255 where there is none. */
export interface ClassRaster extends RasterView {
  readonly kind: 'classes'
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array
  readonly classes: readonly ClassStyle[]
}

/** One quantity, `[height, width]`; NaN where there is none. */
export interface RampRaster extends RasterView {
  readonly kind: 'ramp'
  readonly data: Float32Array
  /** Values at the ends of the ramp. */
  readonly range: readonly [low: number, high: number]
  /** What the quantity is, such as `probability of scar`. */
  readonly legend: string
  readonly unit?: string
  /** Default `viridis`; for probabilities `ember` and for uncertainties `dusk`, which start at paper white. */
  readonly ramp?: RampName
}

export type MapRaster = RgbRaster | ClassRaster | RampRaster

export interface InputLayer {
  readonly name: string
  readonly path: string
  /** What it is used for. */
  readonly role: 'features' | 'labels' | 'reference'
  /** Such as `EPSG:32632 (WGS 84 / UTM zone 32N)`. */
  readonly crs: string
  /** Raster: pixels. */
  readonly size?: readonly [width: number, height: number]
  /** Raster: pixel size in units of the CRS. */
  readonly resolution?: readonly [x: number, y: number]
  /** Unit of the CRS, such as `m` or `degrees`. */
  readonly resolutionUnit?: string
  readonly bands?: readonly string[]
  /** Sample type, such as `uint16`. */
  readonly dtype?: string
  readonly nodata?: number
  /** Vectors: number of polygons. */
  readonly polygons?: number
  /** How it is brought to the working grid, such as `bilinear` or `as it is`. */
  readonly resampling?: string
  /** Outline in one common CRS for the overview of overlaps, closed or not: [x, y] pairs. */
  readonly footprint?: readonly (readonly [x: number, y: number])[]
  /** Share of the mapped extent that this layer covers with data, in [0, 1]. */
  readonly coverage?: number
  readonly quicklook?: MapRaster
  readonly notes?: readonly string[]
}

/** Reference per class, after rasterisation onto the working grid. */
export interface LabelSummary {
  readonly name: string
  readonly polygons?: number
  readonly pixels: number
  readonly hectares?: number
}

export interface MapSection {
  readonly classes: ClassRaster
  readonly reference?: ClassRaster
  /** Class raster of right and wrong, made by the report from the two above when both have one size and this is missing. */
  readonly error?: ClassRaster
  /** Probability of one class each; range [0, 1]. */
  readonly probability?: readonly { readonly name: string; readonly raster: RampRaster }[]
  /** Entropies, best normalised by log K to [0, 1]. */
  readonly uncertainty?: {
    readonly total?: RampRaster
    readonly aleatoric?: RampRaster
    readonly epistemic?: RampRaster
  }
  /** Mapped area per class, hectares: a pixel count, not an estimate. */
  readonly mappedHectares?: readonly number[]
  /** Working grid in words: CRS, resolution, size. */
  readonly grid?: string
}

export interface SplitSection {
  /** How it was made, in one sentence; such as `blocks of 128 pixels, checkerboard`. */
  readonly description: string
  /** Class raster with the classes train, validation, test (in this order). */
  readonly raster?: ClassRaster
  readonly parts: readonly { readonly name: string; readonly blocks?: number; readonly pixels: number }[]
}

export interface MemberCurve {
  readonly name?: string
  /** Epoch numbers of the points below. */
  readonly epochs: readonly number[]
  readonly trainLoss: readonly number[]
  /** Same length; NaN where it was not measured. */
  readonly validationLoss: readonly number[]
  /** The epoch whose weights were kept. */
  readonly bestEpoch?: number
  readonly seconds?: number
}

export interface TrainingSection {
  /** Such as `cross-entropy + dice`. */
  readonly loss: string
  /** Such as `U-Net, base 16, 4 levels, 487,652 parameters`. */
  readonly network?: string
  readonly members: readonly MemberCurve[]
}

export interface ScoreSection {
  /** What was compared, such as `test blocks` or `the whole reference`. */
  readonly on: string
  /** Rows = reference, columns = map. */
  readonly confusion: ConfusionMatrix
  readonly scores: Scores
  /** Block-bootstrap intervals. */
  readonly intervals?: Partial<Record<IntervalName, BootstrapInterval | Refusal>>
  /** Another method on the same pixels, such as a random forest. */
  readonly baselines?: readonly {
    readonly name: string
    readonly kappa: number
    readonly overallAccuracy?: number
    readonly meanF1?: number
  }[]
}

export type IntervalName = 'kappa' | 'overallAccuracy' | 'meanF1'

export interface CalibrationSection {
  readonly before: Reliability
  readonly after: Reliability
  readonly fit: CalibrationFit
  /** Pixels that the two are measured on, such as `test blocks`; the fit is on validation blocks. */
  readonly on: string
}

export interface BlockScore {
  /** Block row and column, from the upper left. */
  readonly row: number
  readonly column: number
  /** Compared pixels. */
  readonly pixels: number
  readonly overallAccuracy: number
  readonly kappa?: number
  readonly meanF1?: number
}

export interface BlockSection {
  /** Blocks of the whole grid. */
  readonly rows: number
  readonly columns: number
  /** Side of a block in pixels. */
  readonly size?: number
  readonly scores: readonly BlockScore[]
}

export interface ParameterRow {
  readonly name: string
  readonly description: string
  readonly value: unknown
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly choices?: readonly unknown[]
  readonly raiseWhen?: string
  readonly lowerWhen?: string
  readonly group?: string
}

export interface LineageStep {
  readonly node: string
  readonly process: string
  readonly address: string
  readonly seconds: number
  readonly reused: boolean
  /** Nodes whose results it used. */
  readonly from?: readonly string[]
}

export interface ReportData {
  readonly title: string
  readonly subtitle?: string
  /** ISO 8601. */
  readonly created: string
  readonly recipe: {
    readonly id: string
    readonly summary: string
    readonly description?: string
    readonly version?: string
  }
  /** Shown prominently: the data are simulated, and how. */
  readonly simulated?: string
  /** In the order of their indices. */
  readonly classes: readonly ClassStyle[]
  readonly inputs: readonly InputLayer[]
  readonly labels?: readonly LabelSummary[]
  readonly map: MapSection
  readonly split?: SplitSection
  readonly training?: TrainingSection
  readonly scores?: ScoreSection
  readonly precisionRecall?: readonly { readonly name: string; readonly curve: PrecisionRecallCurve }[]
  readonly calibration?: CalibrationSection
  readonly areas?: AreaEstimate | Refusal
  readonly blocks?: BlockSection
  readonly parameters: readonly ParameterRow[]
  readonly lineage?: readonly LineageStep[]
  /** Versions, threads, memory, seconds: label and value as they should be read. */
  readonly environment: readonly { readonly label: string; readonly value: string }[]
  readonly warnings: readonly Warning[]
  /** Files beside the report. */
  readonly outputs?: readonly { readonly path: string; readonly description: string }[]
  /** The exact command that repeats it. */
  readonly command: string
}
