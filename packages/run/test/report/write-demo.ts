/** Writes the demo reports for people to look at: `node packages/run/test/report/write-demo.ts FOLDER`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderReport } from '../../src/report/index.ts'
import { demoReport } from './demo.ts'

const folder = process.argv[2] ?? 'out'
mkdirSync(folder, { recursive: true })
for (const kind of ['binary', 'multi'] as const) {
  writeFileSync(join(folder, `${kind}.html`), renderReport(demoReport(kind)))
}
