/** Reports of made-up scenes with honest numbers: scores, curves and areas are computed from the made-up maps. */
import {
  addConfusions,
  areaEstimate,
  blockBootstrap,
  type ConfusionMatrix,
  confusion,
  ensembleCategorical,
  fitTemperature,
  mostProbable,
  normalisedEntropy,
  precisionRecallCurve,
  reliability,
  scores,
  transposed,
} from '@ecotope/belief'
import { random } from '@ecotope/core'
import type { ClassRaster, ClassStyle, LineageStep, RampRaster, ReportData, RgbRaster } from '../../src/report/index.ts'

const WIDTH = 336
const HEIGHT = 252
const BLOCK = 28
const N = WIDTH * HEIGHT
const MEMBERS = 3
const PIXEL_METRES = 5

/** Smooth noise: octaves of value noise with smooth interpolation, `[HEIGHT, WIDTH]`, about unit range. */
function noise(seed: number, cell: number, octaves: number): Float32Array {
  const out = new Float32Array(N)
  for (let o = 0, size = cell, weight = 1; o < octaves; o++, size /= 2, weight /= 2) {
    const columns = Math.ceil(WIDTH / size) + 2
    const stream = random(seed).split(o)
    const grid = Float32Array.from({ length: columns * (Math.ceil(HEIGHT / size) + 2) }, () => stream.uniform() - 0.5)
    const ease = (t: number): number => t * t * (3 - 2 * t)
    for (let y = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++) {
        const [u, v] = [x / size, y / size]
        const at = Math.floor(v) * columns + Math.floor(u)
        const [s, t] = [ease(u % 1), ease(v % 1)]
        const top = grid[at]! + s * (grid[at + 1]! - grid[at]!)
        const bottom = grid[at + columns]! + s * (grid[at + columns + 1]! - grid[at + columns]!)
        out[y * WIDTH + x] = out[y * WIDTH + x]! + weight * (top + t * (bottom - top))
      }
    }
  }
  return out
}

interface Scene {
  readonly terrain: Float32Array
  readonly shade: Float32Array
  readonly truth: Int32Array
  readonly logits: Float32Array[]
}

function makeScene(k: number, seed: number): Scene {
  const terrain = noise(seed, 96, 6)
  const shade = new Float32Array(N)
  for (let i = 0; i < N; i++) {
    const x = i % WIDTH
    const dx = terrain[x > 0 ? i - 1 : i]! - terrain[x < WIDTH - 1 ? i + 1 : i]!
    const dy = terrain[i >= WIDTH ? i - WIDTH : i]! - terrain[i < N - WIDTH ? i + WIDTH : i]!
    shade[i] = Math.min(1, Math.max(0, 0.55 + 4 * (dx + dy)))
  }
  const fields = Array.from({ length: k }, (_, c) => noise(seed * 31 + c, k === 2 ? 26 : 70, 4))
  const truth = Int32Array.from({ length: N }, (_, i) => {
    if (k === 2) return fields[1]![i]! + 0.25 * shade[i]! > 0.62 ? 1 : 0
    let best = 0
    for (let c = 1; c < k; c++) if (fields[c]![i]! - 0.12 * c > fields[best]![i]! - 0.12 * best) best = c
    return best
  })
  const shared = fields.map((_, c) => noise(seed * 57 + c, 9, 3))
  const logits = Array.from({ length: MEMBERS }, (_, m) => {
    const own = fields.map((__, c) => noise(seed * 91 + 7 * m + c, 14, 3))
    return Float32Array.from({ length: k * N }, (__, at) => {
      const [c, i] = [Math.floor(at / N), at % N]
      const signal =
        k === 2 ? (c === 1 ? 14 * (fields[1]![i]! + 0.25 * shade[i]! - 0.62) : 0) : 16 * (fields[c]![i]! - 0.12 * c)
      return signal + 8 * shared[c]![i]! + 3 * own[c]![i]!
    })
  })
  return { terrain, shade, truth, logits }
}

const view = { width: WIDTH, height: HEIGHT, metresPerPixel: PIXEL_METRES }
const rampOf = (data: Float32Array, legend: string, extra: Partial<RampRaster> = {}): RampRaster => ({
  kind: 'ramp',
  ...view,
  data,
  range: [0, 1],
  legend,
  ...extra,
})
const classesOf = (data: Int32Array, classes: readonly ClassStyle[]): ClassRaster => ({
  kind: 'classes',
  ...view,
  data,
  classes,
})

function falseColour({ terrain, shade, truth }: Scene): RgbRaster {
  const data = new Uint8ClampedArray(4 * N)
  const tint = [
    [70, 92, 58],
    [196, 168, 128],
    [222, 226, 230],
    [248, 248, 250],
  ]
  for (let i = 0; i < N; i++) {
    const base = tint[truth[i]!]!
    const light = 0.45 + 0.75 * shade[i]!
    for (let b = 0; b < 3; b++) data[4 * i + b] = base[b]! * light + 22 * terrain[i]!
    data[4 * i + 3] = 255
  }
  return { kind: 'rgb', ...view, data, legend: 'red, green, blue; each stretched between its percentiles 2 and 98' }
}

const partOf = (i: number): number => {
  const [row, column] = [Math.floor(Math.floor(i / WIDTH) / BLOCK), Math.floor((i % WIDTH) / BLOCK)]
  if ((row + column) % 2 === 1) return 2
  return (row * 5 + column * 3) % 7 < 2 ? 1 : 0
}

interface Judged {
  readonly matrix: ConfusionMatrix
  readonly perBlock: { row: number; column: number; matrix: ConfusionMatrix }[]
}

function judge(reference: Int32Array, map: Int32Array, k: number): Judged {
  const perBlock = []
  for (let row = 0; row < HEIGHT / BLOCK; row++) {
    for (let column = 0; column < WIDTH / BLOCK; column++) {
      if ((row + column) % 2 === 0) continue
      const pixels = Array.from(
        { length: BLOCK * BLOCK },
        (_, j) => (row * BLOCK + Math.floor(j / BLOCK)) * WIDTH + column * BLOCK + (j % BLOCK),
      )
      perBlock.push({
        row,
        column,
        matrix: confusion(
          pixels.map((i) => reference[i]!),
          pixels.map((i) => map[i]!),
          k,
        ),
      })
    }
  }
  return { matrix: addConfusions(perBlock.map((b) => b.matrix)), perBlock }
}

const learning = (m: number) => {
  const epochs = Array.from({ length: 40 }, (_, e) => e + 1)
  const wobble = random(m).normals(80)
  return {
    epochs,
    trainLoss: epochs.map((e, i) => 0.08 + 0.9 * Math.exp(-e / 7) + 0.012 * wobble[i]!),
    validationLoss: epochs.map(
      (e, i) => 0.16 + 0.8 * Math.exp(-e / 8) + 0.0022 * Math.max(0, e - 22) + 0.02 * wobble[40 + i]!,
    ),
    bestEpoch: 26 + 3 * m,
    seconds: 61 + 4 * m,
  }
}

const MULTI: readonly ClassStyle[] = [
  { name: 'clear', colour: '#7a9a5b' },
  { name: 'shadow', colour: '#3c3a4a' },
  { name: 'snow', colour: '#9fd3e6' },
  { name: 'cloud', colour: '#efe9dd' },
]
const BINARY: readonly ClassStyle[] = [{ name: 'stable ground' }, { name: 'landslide scar' }]

export function demoReport(kind: 'binary' | 'multi'): ReportData {
  const classes = kind === 'binary' ? BINARY : MULTI
  const k = classes.length
  const names = classes.map((c) => c.name)
  const scene = makeScene(k, kind === 'binary' ? 3 : 8)
  const part = Int32Array.from({ length: N }, (_, i) => partOf(i))
  const labels = (p: number): Int32Array => scene.truth.map((c, i) => (part[i] === p ? c : -1))
  const fit = fitTemperature(scene.logits, labels(1))
  const before = ensembleCategorical(scene.logits, k)
  const after = ensembleCategorical(scene.logits, k, fit)
  const map = mostProbable(after.probability, k)
  // A strip without reference, as real references have.
  const reference = scene.truth.map((c, i) =>
    kind === 'multi' && i % WIDTH < 40 && Math.floor(i / WIDTH) > 150 ? -1 : c,
  )
  const test = reference.map((c, i) => (part[i] === 2 ? c : -1))
  const { matrix, perBlock } = judge(reference, map, k)
  const matrices = perBlock.map((b) => b.matrix)
  const counted = names.map((_, c) => map.filter((v) => v === c).length)
  const probabilityOf = (c: number): Float32Array => after.probability.slice(c * N, (c + 1) * N)
  const interval = (pick: 'kappa' | 'overallAccuracy' | 'meanF1') =>
    blockBootstrap(matrices, (m) => scores(m, names)[pick], { seed: 1, replicates: 500 })
  const pixelAreaSquareMetres = PIXEL_METRES ** 2
  return {
    title:
      kind === 'binary' ? 'Landslide scars of a mountain valley' : 'Clouds, shadow and snow in one Sentinel-2 scene',
    subtitle:
      kind === 'binary'
        ? 'From a 5 m elevation model, five optical bands and hand-drawn polygons'
        : 'From four bands at 10 m and two at 20 m, and hand-drawn polygons',
    created: '2026-11-20T18:30:00Z',
    recipe: {
      id: kind === 'binary' ? 'landslides' : 'segmentation',
      version: '1',
      summary: 'Maps classes from rasters and polygons with an ensemble of U-Nets.',
      description: 'Layers are aligned, cut into blocks, learnt, calibrated, mapped and scored.',
    },
    ...(kind === 'binary'
      ? {
          simulated:
            'The scene is a fractal terrain made by Ecotope for this tutorial; its scars follow the statistics of 276 mapped ones.',
        }
      : {}),
    classes,
    inputs: demoInputs(scene, kind),
    labels: names.map((name, c) => ({
      name,
      polygons: 20 + 31 * c,
      pixels: reference.filter((v) => v === c).length,
      hectares: (reference.filter((v) => v === c).length * pixelAreaSquareMetres) / 1e4,
    })),
    map: {
      classes: classesOf(map, classes),
      reference: classesOf(reference, classes),
      probability: names.map((name, c) => ({
        name,
        raster: rampOf(probabilityOf(c), 'probability'),
      })),
      uncertainty: {
        total: rampOf(normalisedEntropy(after.total, k), 'share of the largest possible entropy'),
        aleatoric: rampOf(normalisedEntropy(after.aleatoric, k), 'share of the largest possible entropy'),
        epistemic: rampOf(normalisedEntropy(after.epistemic, k), 'share of the largest possible entropy', {
          range: [0, 0.3],
        }),
      },
      mappedHectares: counted.map((n) => (n * pixelAreaSquareMetres) / 1e4),
      grid: `EPSG:32632 (WGS 84 / UTM zone 32N), ${PIXEL_METRES} m, ${WIDTH} × ${HEIGHT} pixels`,
    },
    split: {
      description: `blocks of ${BLOCK} pixels, checkerboard`,
      raster: classesOf(part, [
        { name: 'training', colour: '#c9d3d8' },
        { name: 'validation', colour: '#e69f00' },
        { name: 'test', colour: '#0072b2' },
      ]),
      parts: ['training', 'validation', 'test'].map((name, p) => ({
        name,
        blocks: part.filter((v) => v === p).length / BLOCK ** 2,
        pixels: part.filter((v) => v === p).length,
      })),
    },
    training: {
      loss: 'cross-entropy + dice',
      network: 'U-Net, base 16, 4 levels, 487,652 parameters',
      members: [0, 1, 2].map(learning),
    },
    scores: {
      on: 'test blocks that no network has seen',
      confusion: matrix,
      scores: scores(matrix, names),
      intervals: { kappa: interval('kappa'), overallAccuracy: interval('overallAccuracy'), meanF1: interval('meanF1') },
      ...(kind === 'multi'
        ? { baselines: [{ name: 'Random forest', kappa: 0.701, overallAccuracy: 0.82, meanF1: 0.793 }] }
        : {}),
    },
    precisionRecall: names.flatMap((name, c) =>
      kind === 'binary' && c === 0
        ? []
        : [
            {
              name,
              curve: precisionRecallCurve(
                probabilityOf(c),
                test.map((v) => (v < 0 ? -1 : v === c ? 1 : 0)),
                { points: 160 },
              ),
            },
          ],
    ),
    calibration: {
      before: reliability(before.probability, test),
      after: reliability(after.probability, test),
      fit,
      on: 'test blocks',
    },
    areas:
      kind === 'binary'
        ? areaEstimate({
            names,
            mapped: counted,
            sample: transposed(confusion(reference, map, k)),
            pixelAreaSquareMetres,
            design: { kind: 'census' },
          })
        : areaEstimate({
            names,
            mapped: counted,
            sample: sampled(reference, map, k),
            pixelAreaSquareMetres,
            design: { kind: 'stratified' },
          }),
    blocks: {
      rows: HEIGHT / BLOCK,
      columns: WIDTH / BLOCK,
      size: BLOCK,
      scores: perBlock.map(({ row, column, matrix: m }) => ({
        row,
        column,
        pixels: scores(m, names).count,
        overallAccuracy: scores(m, names).overallAccuracy,
      })),
    },
    parameters: PARAMETERS,
    lineage: LINEAGE,
    environment: ENVIRONMENT,
    warnings:
      kind === 'multi' ? [{ tag: 'RepairedPolygon', message: 'Polygon 17 crosses itself; it was repaired.' }] : [],
    outputs: [
      { path: 'probability.tif', description: 'one band per class, 0 to 1' },
      { path: 'class.tif', description: 'most probable class' },
      { path: 'uncertainty.tif', description: 'total, aleatoric and epistemic entropy' },
      { path: 'polygons.geojson', description: 'the map as polygons' },
    ],
    command:
      'npx ecotope run recipes/segmentation --features dem.tif,rapideye.tif --labels scars.geojson --param epochs=40 --split blocks:28:checkerboard --seed 1 --out out/mine',
  }
}

/** A stratified sample of 60 pixels per mapped class; rows = map. */
function sampled(reference: Int32Array, map: Int32Array, k: number): ConfusionMatrix {
  const stream = random(12)
  return Array.from({ length: k }, (_, c) => {
    const row = new Array<number>(k).fill(0)
    for (let drawn = 0; drawn < 60; ) {
      const i = stream.integer(N)
      if (map[i] !== c || reference[i]! < 0) continue
      row[reference[i]!]!++
      drawn++
    }
    return row
  })
}

function demoInputs(scene: Scene, kind: 'binary' | 'multi'): ReportData['inputs'] {
  return [
    {
      name: 'elevation',
      path: 'dem.tif',
      role: 'features',
      crs: 'EPSG:32632 (WGS 84 / UTM zone 32N)',
      size: [672, 504],
      resolution: [5, 5],
      resolutionUnit: 'm',
      bands: ['elevation', 'slope', 'curvature'],
      dtype: 'float32',
      nodata: -9999,
      resampling: 'bilinear',
      coverage: 1,
      footprint: [
        [0, 0],
        [34, 0],
        [34, 26],
        [0, 26],
      ],
      quicklook: rampOf(scene.terrain, 'elevation', { ramp: 'terrain', range: [-0.7, 0.7], unit: 'm' }),
    },
    {
      name: 'optical bands',
      path: 'rapideye.tif',
      role: 'features',
      crs: 'EPSG:25832 (ETRS89 / UTM zone 32N)',
      size: [WIDTH, HEIGHT],
      resolution: [6.5, 6.5],
      resolutionUnit: 'm',
      bands: ['blue', 'green', 'red', 'redEdge', 'nir'],
      dtype: 'uint16',
      resampling: 'bilinear',
      coverage: 0.97,
      footprint: [
        [1, -1],
        [35, 0.6],
        [34, 27],
        [0.5, 25],
      ],
      quicklook: falseColour(scene),
    },
    {
      name: kind === 'binary' ? 'scars' : 'class polygons',
      path: 'labels.geojson',
      role: 'labels',
      crs: 'OGC:CRS84 (longitude and latitude)',
      polygons: 134,
      footprint: [
        [4, 3],
        [30, 2],
        [31, 22],
        [6, 24],
      ],
      notes: ['one polygon repaired'],
    },
  ]
}

const PARAMETERS: ReportData['parameters'] = [
  {
    name: 'epochs',
    group: 'Training',
    description: 'How often the networks see all training tiles.',
    value: 40,
    default: 60,
    minimum: 1,
    maximum: 1000,
    raiseWhen: 'if both losses still fall at the end.',
    lowerWhen: 'if the validation loss rises long before the end.',
  },
  {
    name: 'loss',
    group: 'Training',
    description: 'What is minimised. Dice and focal losses help where a class is rare.',
    value: 'crossEntropyDice',
    default: 'crossEntropyDice',
    choices: ['crossEntropy', 'dice', 'crossEntropyDice', 'focal', 'tversky'],
  },
  {
    name: 'members',
    group: 'Training',
    description: 'Networks in the ensemble; their disagreement is the epistemic uncertainty.',
    value: 3,
    default: 3,
    minimum: 1,
    maximum: 20,
    raiseWhen: 'for steadier uncertainty maps.',
    lowerWhen: 'to save time: each member costs a full training.',
  },
  {
    name: 'baseChannels',
    group: 'Network',
    description: 'Width of the first level; every level doubles it.',
    value: 16,
    default: 16,
    minimum: 4,
    maximum: 128,
    raiseWhen: 'if even the training loss stays high.',
    lowerWhen: 'if memory or time is short.',
  },
  {
    name: 'margin',
    group: 'Grid',
    description: 'Ground kept around the labels, metres.',
    value: 250,
    default: 250,
    minimum: 0,
  },
]

const LINEAGE: readonly LineageStep[] = [
  { node: 'prepare', process: 'ecotope.stack', address: '9f2c6a1be05d77c2a4f1', seconds: 1.84, reused: true },
  {
    node: 'train',
    process: 'ml_fit',
    address: '03ab77e9d81f20b6c5ee',
    seconds: 195.2,
    reused: false,
    from: ['prepare'],
  },
  {
    node: 'predict',
    process: 'ml_predict_probabilities',
    address: 'c81d0f3377a9415502ba',
    seconds: 11.7,
    reused: false,
    from: ['prepare', 'train'],
  },
  {
    node: 'score',
    process: 'ecotope.score',
    address: '5e6f7719abcc013d8897',
    seconds: 0.9,
    reused: false,
    from: ['predict'],
  },
]

const ENVIRONMENT: ReportData['environment'] = [
  { label: 'Ecotope', value: '0.1.0' },
  { label: 'Node', value: 'v24.21.0, linux x64' },
  { label: 'ONNX Runtime', value: '1.27.0, CPU' },
  { label: 'Threads', value: '2' },
  { label: 'Peak memory', value: '1,148 MB' },
  { label: 'Seed', value: '1' },
]
