/** The model on disk: ONNX for anyone, a STAC item with the Machine Learning Model extension, and our own flat weights. */
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Calibration } from '@ecotope/belief'
import { InputError } from '@ecotope/core'
import { type NetworkSpec, type Normalisation, network, type Views } from '@ecotope/model'
import { readMembers } from './fit.ts'
import { exportOnnx } from './onnx.ts'
import { gridFrom } from './prepare.ts'
import { optional, process, required, resultOf, spec } from './specs.ts'
import { stacItem } from './stac.ts'
import type { BandValue, CalibrationValue, ClassValue, FitValue, PreparedValue, SplitValue } from './types.ts'

export const MODEL_FOLDER = 'model'
export const MODEL_FILE = 'model.json'
export const ONNX_FILE = 'model.onnx'
export const ITEM_FILE = 'item.json'
const FORMAT = 1

/** Everything besides the weights that prediction needs; `model.json`. */
export interface SavedModel {
  readonly format: number
  readonly network: NetworkSpec
  readonly members: readonly string[]
  readonly views: Views
  readonly normalisation: Normalisation
  readonly calibration: Calibration
  readonly classes: readonly ClassValue[]
  readonly bands: readonly BandValue[]
  /** Derived layers, by name, that follow the bands of the rasters. */
  readonly derived: readonly string[]
  readonly pixelAreaSquareMetres: number
}

interface SaveArguments {
  readonly samples: unknown
  readonly split: unknown
  readonly fit: unknown
  readonly calibration: unknown
  readonly views: Views
}

export const saveModel = process<SaveArguments, { files: string[] }>({
  version: '1',
  seeded: false,
  spec: spec(
    'save_ml_model',
    'Save the calibrated ensemble',
    'Writes model.onnx (raw band values in, calibrated probabilities out; standard operators), a STAC item with the MLM extension, and the weights that ecotope predict reads.',
    [
      required('samples', 'What prepare_samples gave.'),
      required('split', 'What split_blocks gave.'),
      required('fit', 'What ml_fit gave.'),
      optional('views', 'Mirrored views to average: 1, 2 or 4.', { type: 'integer' }, 4),
      required('calibration', 'What calibrate gave.'),
    ],
    'The files of the model.',
  ),
  run: async (args, context) => {
    const prepared = resultOf<PreparedValue>(context.step(args.samples))
    const { normalisation } = resultOf<SplitValue>(context.step(args.split))
    const fitStep = context.step(args.fit)
    const fit = resultOf<FitValue>(fitStep)
    const { fit: calibration } = resultOf<CalibrationValue>(context.step(args.calibration))
    const members = fit.members.map((member) => member.file)
    const saved: SavedModel = {
      format: FORMAT,
      network: fit.network,
      members,
      views: args.views,
      normalisation,
      calibration: {
        kind: calibration.kind,
        temperature: calibration.temperature,
        scale: calibration.scale,
        bias: calibration.bias,
      },
      classes: prepared.classes,
      bands: prepared.bands,
      derived: prepared.derived,
      pixelAreaSquareMetres: prepared.pixelAreaSquareMetres,
    }
    const weights = await readMembers(fitStep.directory, fit)
    const onnx = exportOnnx(saved, network(fit.network), weights)
    const write = (name: string, content: string | Uint8Array): Promise<void> =>
      writeFile(join(context.directory, name), content)
    await write(MODEL_FILE, `${JSON.stringify(saved, null, 2)}\n`)
    await write(ONNX_FILE, onnx.bytes)
    await write(ITEM_FILE, `${JSON.stringify(stacItem(saved, fit, gridFrom(prepared.grid), onnx), null, 2)}\n`)
    for (const file of members) await copyFile(join(fitStep.directory, file), join(context.directory, file))
    return { files: [MODEL_FILE, ONNX_FILE, ITEM_FILE, ...members] }
  },
})

/** @throws InputError `NoModel` where the folder holds none, `ModelFormat` where another version wrote it. */
export async function loadModel(folder: string): Promise<SavedModel> {
  let text: string
  try {
    text = await readFile(join(folder, MODEL_FILE), 'utf8')
  } catch (cause) {
    throw new InputError('NoModel', `${folder} holds no ${MODEL_FILE}`, {
      hint: 'name the model folder that ecotope run wrote, such as out/mine/model',
      data: { path: folder },
      cause,
    })
  }
  const saved = parse(text, folder)
  if (saved.format !== FORMAT) {
    throw new InputError('ModelFormat', `${folder} is of format ${saved.format}; this version reads format ${FORMAT}`, {
      data: { path: folder },
    })
  }
  return saved
}

function parse(text: string, folder: string): SavedModel {
  try {
    return JSON.parse(text) as SavedModel
  } catch (cause) {
    throw new InputError('ModelFormat', `${join(folder, MODEL_FILE)} is no JSON`, {
      hint: 'the file is damaged: copy it again',
      cause,
    })
  }
}
