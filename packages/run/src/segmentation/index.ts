/** Segmentation: from rasters and polygons to a map that can be defended. */
import type { Application } from '../application.ts'
import type { Process } from '../process.ts'
import { assess } from './assess.ts'
import { calibrate } from './calibrate.ts'
import { mlFit } from './fit.ts'
import { predictProbabilities } from './map.ts'
import { saveModel } from './model-file.ts'
import { vectoriseClasses } from './polygons.ts'
import { predictWithModel } from './predict.ts'
import { prepareSamples } from './prepare.ts'
import { publish } from './publish.ts'
import { splitBlocks } from './split.ts'

export const segmentationProcesses: readonly Process[] = [
  prepareSamples,
  splitBlocks,
  mlFit,
  calibrate,
  predictProbabilities,
  assess,
  vectoriseClasses,
  saveModel,
]

export const segmentation: Application = { processes: segmentationProcesses, publish, predict: predictWithModel }
