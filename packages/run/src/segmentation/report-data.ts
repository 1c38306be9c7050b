/** What the report shows of a segmentation: gathers values, small views of the rasters and words. Draws nothing itself. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type AreaEstimate, blockBootstrap, type Refusal, scores } from '@ecotope/belief'
import type { Warning } from '@ecotope/core'
import { type BandCube, openRaster, parseCrs, type Raster, readPolygons, selectBands } from '@ecotope/cube'
import type { PublishOptions } from '../application.ts'
import type { Run } from '../execute.ts'
import { classQuicklook, quicklook } from '../report/index.ts'
import type {
  BlockSection,
  ClassStyle,
  InputLayer,
  MapSection,
  ParameterRow,
  RampRaster,
  ReportData,
  ScoreSection,
  SplitSection,
  TrainingSection,
} from '../report/types.ts'
import { alternatives } from '../schema.ts'
import { CLASS_FILE, PROBABILITY_FILE, UNCERTAINTY_FILE } from './belief-map.ts'
import { openFeature } from './layers.ts'
import type { Outcome } from './metrics.ts'
import { classHexColours } from './palette.ts'
import { LABELS_FILE } from './prepare.ts'
import { planOf } from './split.ts'

const ROLES = ['train', 'validation', 'test'] as const
const VIEW = 512
const BOOTSTRAP = { replicates: 1000 }

export async function reportData(
  run: Run,
  outcome: Outcome,
  areas: AreaEstimate | Refusal,
  peakRssMb: number,
  options: PublishOptions,
): Promise<ReportData> {
  const colours = classHexColours(outcome.prepared.classes.map((c) => c.name))
  const classes: ClassStyle[] = outcome.prepared.classes.map(({ name }, k) => ({ name, colour: colours[k]! }))
  const warnings: Warning[] = [...outcome.prepared.warnings, ...outcome.split.warnings]
  return {
    title: typeof run.parameters.title === 'string' ? run.parameters.title : `${run.recipe.summary}`,
    created: run.endedAt,
    recipe: { id: run.recipe.id, summary: run.recipe.summary, description: run.recipe.description },
    ...(run.parameters.simulated === true
      ? { simulated: 'The scene is simulated: terrain, bands and scars are made by Ecotope, not observed.' }
      : {}),
    classes,
    inputs: await inputLayers(outcome),
    labels: outcome.prepared.classes.map(({ name, pixels, polygons }) => ({
      name,
      pixels,
      hectares: (pixels * outcome.prepared.pixelAreaSquareMetres) / 1e4,
      ...(polygons > 0 ? { polygons } : {}),
    })),
    map: await mapSection(outcome, classes),
    split: await splitSection(outcome),
    training: trainingSection(outcome),
    scores: scoreSection(outcome, run.seed),
    precisionRecall: outcome.assessment.precisionRecall,
    calibration: {
      before: outcome.assessment.before,
      after: outcome.assessment.after,
      fit: outcome.calibration.fit,
      on: 'test blocks',
    },
    areas,
    blocks: blockSection(outcome),
    parameters: parameterRows(run),
    lineage: run.steps.map((step) => ({
      node: step.node,
      process: step.process,
      address: step.address,
      seconds: step.seconds,
      reused: step.reused,
      from: step.upstream,
    })),
    environment: environment(run, peakRssMb),
    warnings,
    outputs: OUTPUTS,
    command: options.command,
  }
}

const OUTPUTS = [
  { path: PROBABILITY_FILE, description: 'probability of each class, one band each' },
  { path: CLASS_FILE, description: 'most probable class' },
  { path: UNCERTAINTY_FILE, description: 'total, aleatoric and epistemic entropy, 0 to 1' },
  { path: 'polygons.geojson', description: 'regions of the map as polygons' },
  { path: 'metrics.json', description: 'all numbers of this page for machines' },
  { path: 'lineage.json', description: 'what was made from what (W3C PROV)' },
  { path: 'model/', description: 'the networks as ONNX with a STAC description' },
]

async function withRaster<T>(opening: Promise<Raster>, use: (raster: Raster) => Promise<T>): Promise<T> {
  const raster = await opening
  try {
    return await use(raster)
  } finally {
    await raster.close()
  }
}

async function inputLayers(outcome: Outcome): Promise<InputLayer[]> {
  const { prepared } = outcome
  const layers: InputLayer[] = []
  const crs = prepared.crsOverride === null ? undefined : parseCrs(prepared.crsOverride)
  for (const path of prepared.features)
    layers.push(await withRaster(openFeature(path, crs), (raster) => rasterLayer(raster, path, prepared.grid.crs)))
  const { features } = await readPolygons(prepared.labels)
  layers.push({
    name: features.label,
    path: prepared.labels,
    role: 'labels',
    crs: crsText(features.crs.code, features.crs.name),
    polygons: features.features.length,
  })
  return layers
}

async function rasterLayer(raster: Raster, path: string, working: string): Promise<InputLayer> {
  const { grid } = raster
  const shown = ['red', 'green', 'blue'].every((role) => raster.bands.some((band) => band.role === role))
  const picture: BandCube = shown ? raster : selectBands(raster, [raster.bands[0]!.name])
  return {
    name: path.replace(/^.*[/\\]/, ''),
    path,
    role: 'features',
    crs: crsText(grid.crs.code, grid.crs.name),
    size: [grid.width, grid.height],
    resolution: [Math.hypot(grid.affine[0], grid.affine[3]), Math.hypot(grid.affine[1], grid.affine[4])],
    resolutionUnit: grid.crs.unit === 'metre' ? 'm' : grid.crs.unit,
    bands: raster.bands.map((band) => band.name),
    dtype: raster.dtype,
    ...(raster.bands[0]?.nodata === undefined ? {} : { nodata: raster.bands[0].nodata }),
    resampling: grid.crs.code === working ? 'aligned' : 'warped to the working CRS',
    quicklook: await quicklook(picture, { maxSize: 384 }),
  }
}

const crsText = (code: string | undefined, name: string): string => (code === undefined ? name : `${code} (${name})`)

/** Class codes as indices, so that colours can be looked up. */
function asIndices(map: Raster, codes: readonly number[]): BandCube {
  const indexOf = new Map(codes.map((code, k) => [code, k]))
  return {
    ...map,
    read: async (window, work) => (await map.read(window, work)).map((code) => indexOf.get(code) ?? Number.NaN),
  }
}

async function mapSection(outcome: Outcome, classes: readonly ClassStyle[]): Promise<MapSection> {
  const { prepared, directories } = outcome
  const codes = prepared.classes.map((c) => c.code)
  const size = { maxSize: VIEW }
  const ramp = async (path: string, band: string, legend: string): Promise<RampRaster> =>
    withRaster(
      openRaster(path),
      async (raster) =>
        (await quicklook(selectBands(raster, [band]), { ...size, range: [0, 1], legend })) as RampRaster,
    )
  const probabilityFile = join(directories.map, PROBABILITY_FILE)
  const uncertaintyFile = join(directories.map, UNCERTAINTY_FILE)
  const probability = []
  for (const { name } of prepared.classes)
    probability.push({ name, raster: await ramp(probabilityFile, name, `probability of ${name}`) })
  return {
    classes: await withRaster(openRaster(join(directories.map, CLASS_FILE)), (raster) =>
      classQuicklook(asIndices(raster, codes), classes, size),
    ),
    reference: await withRaster(openRaster(join(directories.samples, LABELS_FILE)), (raster) =>
      classQuicklook(raster, classes, size),
    ),
    probability: classes.length === 2 ? probability.slice(1) : probability,
    uncertainty: {
      total: await ramp(uncertaintyFile, 'total', 'total uncertainty'),
      aleatoric: await ramp(uncertaintyFile, 'aleatoric', 'aleatoric part'),
      epistemic: await ramp(uncertaintyFile, 'epistemic', 'epistemic part'),
    },
    mappedHectares: outcome.map.mapped.map((pixels) => (pixels * prepared.pixelAreaSquareMetres) / 1e4),
    grid: `${prepared.grid.crs}, ${prepared.grid.width} x ${prepared.grid.height} pixels of ${Math.abs(prepared.grid.affine[0])} ${prepared.grid.crsUnit}`,
  }
}

/** The roles of labelled pixels, painted where the labels are. */
async function splitSection(outcome: Outcome): Promise<SplitSection> {
  const { split, prepared } = outcome
  const plan = planOf(split)
  const styles: ClassStyle[] = [{ name: 'train' }, { name: 'validation' }, { name: 'test' }]
  const raster = await withRaster(openRaster(join(outcome.directories.samples, LABELS_FILE)), async (labels) => {
    const roles: BandCube = {
      ...labels,
      read: async (window, work) => {
        const values = await labels.read(window, work)
        return values.map((value, i) => {
          if (Number.isNaN(value)) return value
          const row = window.row + Math.floor(i / window.width) + prepared.origin.row
          return ROLES.indexOf(plan.roleAt(row, window.column + (i % window.width) + prepared.origin.column))
        })
      },
    }
    return classQuicklook(roles, styles, { maxSize: VIEW })
  })
  const count = (role: (typeof ROLES)[number]): number => split.counts[role].reduce((a, b) => a + b, 0)
  const { arrangement, blockPixels } = plan.spec
  return {
    description:
      blockPixels === 1
        ? 'single pixels at random: scores are too good'
        : `blocks of ${blockPixels} pixels, ${arrangement}; validation from training blocks only`,
    raster,
    parts: ROLES.map((role) => ({ name: role, pixels: count(role) })),
  }
}

function trainingSection({ fit }: Outcome): TrainingSection {
  const { architecture, width, depth, norm, activation } = fit.network
  return {
    loss: fit.loss,
    network: `${architecture}, width ${width}, ${depth} levels, ${norm} norm, ${activation}, ${fit.parameters.toLocaleString('en')} parameters`,
    members: fit.members.map((member, i) => ({
      name: `network ${i + 1}`,
      epochs: member.curve.map((record) => record.epoch),
      trainLoss: member.curve.map((record) => record.trainLoss),
      validationLoss: member.curve.map((record) => record.validationLoss ?? Number.NaN),
      bestEpoch: member.bestEpoch,
      seconds: member.seconds,
    })),
  }
}

function scoreSection({ assessment, prepared }: Outcome, seed: number): ScoreSection {
  const names = prepared.classes.map((c) => c.name)
  const perBlock = assessment.blocks.map((block) => block.confusion)
  const interval = (pick: (s: ReturnType<typeof scores>) => number) =>
    blockBootstrap(perBlock, (m) => pick(scores(m, names)), { seed, ...BOOTSTRAP })
  return {
    on: assessment.on,
    confusion: assessment.confusion,
    scores: assessment.scores,
    intervals: {
      kappa: interval((s) => s.kappa),
      overallAccuracy: interval((s) => s.overallAccuracy),
      meanF1: interval((s) => s.meanF1),
    },
  }
}

function blockSection({ assessment, prepared, split }: Outcome): BlockSection {
  const names = prepared.classes.map((c) => c.name)
  const { blockPixels } = planOf(split).spec
  const first = {
    row: Math.floor(prepared.origin.row / blockPixels),
    column: Math.floor(prepared.origin.column / blockPixels),
  }
  const last = (from: number, extent: number): number => Math.floor((from + extent - 1) / blockPixels)
  return {
    rows: last(prepared.origin.row, prepared.grid.height) - first.row + 1,
    columns: last(prepared.origin.column, prepared.grid.width) - first.column + 1,
    size: blockPixels,
    scores: assessment.blocks.map(({ row, column, confusion }) => {
      const { count, overallAccuracy, kappa, meanF1 } = scores(confusion, names)
      return { row: row - first.row, column: column - first.column, pixels: count, overallAccuracy, kappa, meanF1 }
    }),
  }
}

function parameterRows(run: Run): ParameterRow[] {
  return run.recipe.parameters
    .filter((parameter) => !['simulated', 'title'].includes(parameter.name))
    .map(({ name, description, schema, default: fallback, raiseWhen, lowerWhen, group }) => {
      const [first] = alternatives(schema)
      return {
        name,
        description,
        value: run.parameters[name] ?? null,
        ...(fallback === undefined ? {} : { default: fallback }),
        ...(first?.minimum === undefined ? {} : { minimum: first.minimum }),
        ...(first?.maximum === undefined ? {} : { maximum: first.maximum }),
        ...(first?.enum === undefined ? {} : { choices: first.enum }),
        ...(raiseWhen === undefined ? {} : { raiseWhen }),
        ...(lowerWhen === undefined ? {} : { lowerWhen }),
        ...(group === undefined ? {} : { group }),
      }
    })
}

function environment(run: Run, peakRssMb: number): ReportData['environment'] {
  const seconds = run.steps.reduce((sum, step) => sum + step.seconds, 0)
  return [
    { label: 'Node.js', value: process.versions.node },
    { label: 'Platform', value: `${process.platform} ${process.arch}, ${availableParallelism()} processors` },
    { label: 'Peak memory', value: `${peakRssMb} MB` },
    { label: 'Computing time', value: `${seconds.toFixed(1)} s over all steps` },
    { label: 'Seed', value: String(run.seed) },
  ]
}
