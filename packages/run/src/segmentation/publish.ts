/** Puts the results of a run into the user's folder: maps, polygons, model, numbers, lineage, report. Each file whole or not at all. */
import { cp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRefusal } from '@ecotope/belief'
import type { Published, PublishOptions } from '../application.ts'
import type { Run } from '../execute.ts'
import { lineage } from '../lineage.ts'
import { renderReport } from '../report/index.ts'
import { makeFolder } from '../surroundings.ts'
import { CLASS_FILE, PROBABILITY_FILE, UNCERTAINTY_FILE } from './belief-map.ts'
import { areasOf, metricsOf, type Outcome, outcomeOf } from './metrics.ts'
import { MODEL_FOLDER } from './model-file.ts'
import { POLYGONS_FILE } from './polygons.ts'
import { reportData } from './report-data.ts'

const REPORT_FILE = 'report.html'

/** Copies by node: what is found in a step's folder and what it is called in the output. */
const copies = [
  { file: PROBABILITY_FILE, from: 'map', process: 'ml_predict_probabilities' },
  { file: CLASS_FILE, from: 'map', process: 'ml_predict_probabilities' },
  { file: UNCERTAINTY_FILE, from: 'map', process: 'ml_predict_probabilities' },
  { file: POLYGONS_FILE, from: 'polygons', process: 'vectorise_classes' },
  { file: '', to: MODEL_FOLDER, from: 'model', process: 'save_ml_model' },
] as const satisfies readonly { file: string; to?: string; from: keyof Outcome['directories']; process: string }[]

export async function publish(run: Run, out: string, options: PublishOptions): Promise<Published> {
  const outcome = outcomeOf(run)
  await makeFolder(out)
  const files: string[] = []
  for (const copy of copies) {
    const name = 'to' in copy ? copy.to : copy.file
    await replace(join(out, name), (aside) =>
      cp(join(outcome.directories[copy.from], copy.file), aside, { recursive: true, filter: isResult }),
    )
    files.push(name)
  }
  const areas = areasOf(outcome, run.parameters.labelDesign)
  const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024)
  const metrics = metricsOf(run, outcome, areas, peakRssMb)
  const text = async (name: string, content: string): Promise<void> => {
    await replace(join(out, name), (aside) => writeFile(aside, content))
    files.push(name)
  }
  await text('metrics.json', `${JSON.stringify(metrics, null, 2)}\n`)
  await text(REPORT_FILE, renderReport(await reportData(run, outcome, areas, peakRssMb, options)))
  const nodeOf = (id: string): string => run.steps.find((step) => step.process.endsWith(id))!.node
  const outputs = copies.flatMap((copy) =>
    'to' in copy ? [] : [{ path: join(out, copy.file), node: nodeOf(copy.process) }],
  )
  await text(
    'lineage.json',
    `${JSON.stringify(await lineage(run, { outputs, directory: out, command: options.command }), null, 2)}\n`,
  )
  return { files, report: REPORT_FILE, summary: summaryOf(outcome, areas), metrics }
}

/** Writes beside the target, then renames over it. */
async function replace(target: string, write: (aside: string) => Promise<unknown>): Promise<void> {
  const aside = `${target}.part`
  await rm(aside, { recursive: true, force: true })
  try {
    await write(aside)
    await rm(target, { recursive: true, force: true })
    await rename(aside, target)
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

function summaryOf(outcome: Outcome, areas: ReturnType<typeof areasOf>): [string, string][] {
  const { scores, after } = outcome.assessment
  const lines: [string, string][] = [
    [
      'test blocks',
      `kappa ${scores.kappa.toFixed(3)}, overall accuracy ${percent(scores.overallAccuracy)}, mean F1 ${scores.meanF1.toFixed(3)}`,
    ],
    ...scores.classes.map((c): [string, string] => [
      c.name,
      `F1 ${c.f1.toFixed(3)}, IoU ${c.iou.toFixed(3)}, precision ${c.precision.toFixed(3)}, recall ${c.recall.toFixed(3)}`,
    ]),
    [
      'calibration',
      `expected calibration error ${percent(after.ece)}, temperature ${outcome.calibration.fit.temperature.toFixed(2)}`,
    ],
  ]
  if (isRefusal(areas)) return [...lines, ['areas', `not estimated: ${areas.refused}`]]
  return [...lines, ['areas', areas.classes.map((c) => `${c.name} ${c.hectares.estimate.toFixed(1)} ha`).join(', ')]]
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** The store's own mark of a finished step stays in the store. */
const isResult = (path: string): boolean => !path.endsWith('result.json')
