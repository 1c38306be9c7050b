/** The published specifications of Ecotope's own processes: docs/processes.json. `--write` renews it; a test compares. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { segmentationProcesses } from '@ecotope/run'

export const path = fileURLToPath(new URL('../docs/processes.json', import.meta.url))

/** In the form of an openEO service's `GET /processes`. */
export function specifications(): string {
  const processes = segmentationProcesses.map(({ spec, namespace, version }) => ({ ...spec, namespace, version }))
  return `${JSON.stringify({ processes, links: [] }, null, 2)}\n`
}

export const published = (): string => readFileSync(path, 'utf8')

if (process.argv.includes('--write')) writeFileSync(path, specifications())
