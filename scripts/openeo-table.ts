/**
 * The table of openEO processes, docs/openeo-processes.md, from the registry and the state of conformance that
 * `npm run conformance:openeo -- DIR --write-state` noted. `--write` renews it; a test compares.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { registry } from '../packages/cube/src/process/registry.ts'
import type { Category, ChunkRule, ProcessRow } from '../packages/cube/src/process/row.ts'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export const path = at('../docs/openeo-processes.md')

interface State {
  readonly passed: number
  readonly cases: number
}

const readState = (): Readonly<Record<string, State>> =>
  JSON.parse(readFileSync(at('./openeo/state.json'), 'utf8')) as Record<string, State>

const readSkips = (): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(at('./openeo/skips.json'), 'utf8')) as Record<string, string>

const categories: Readonly<Record<Category, string>> = {
  arrays: 'Arrays',
  math: 'Arithmetic',
  statistics: 'Statistics',
  logic: 'Logic',
  comparison: 'Comparison',
  texts: 'Texts',
  dates: 'Dates',
  cubes: 'Cubes and their dimensions',
  masks: 'Masks',
  filters: 'Filters',
  'reduce and apply': 'Reduce and apply',
  'aggregate and resample': 'Aggregate and resample',
  vector: 'Vectors',
  'import and export': 'Loading and saving',
  development: 'Development',
}

const rules: Readonly<Record<ChunkRule, string>> = {
  value: 'on plain values; in callbacks, on the values of one place',
  metadata: 'changes labels only, no cells',
  cell: 'each cell from the cells of the same place',
  reduction: 'along a dimension, in parts that are put together',
  'whole dimension': 'a task holds the dimension whole',
  halo: 'cells around each cell too',
  footprint: 'cells of another grid, as the warp or the geometries need',
  source: 'reads the chunks that are asked for',
  sink: 'writes',
}

/** Whether callbacks that use the process become kernels. */
const compiled = (row: ProcessRow): string => (row.cell === undefined ? '' : 'yes')

function conformance(state: State | undefined): string {
  return state === undefined ? '' : `${state.passed} of ${state.cases}`
}

const sentence = (text: string): string => text.replace(/\s+/g, ' ').replace(/\.$/, '').replace(/\|/g, '\\|')

function line(row: ProcessRow, state: State | undefined): string {
  const name = `\`${row.id}\`${row.experimental === true ? ' (proposal)' : ''}`
  return `| ${[name, sentence(row.summary), row.chunks, compiled(row), conformance(state)].join(' | ')} |`
}

function section(category: Category, state: Readonly<Record<string, State>>): string {
  const rows = [...registry.values()].filter((row) => row.category === category)
  if (rows.length === 0) return ''
  const head = '| process | what it does | chunks | compiled | conformance |\n| --- | --- | --- | --- | --- |'
  const lines = rows.sort((a, b) => (a.id < b.id ? -1 : 1)).map((row) => line(row, state[row.id]))
  return `## ${categories[category]}\n\n${head}\n${lines.join('\n')}\n`
}

export function page(): string {
  const state = readState()
  const sum = (pick: (one: State) => number): number => Object.values(state).reduce((all, one) => all + pick(one), 0)
  const skips = Object.entries(readSkips()).map(([id, reason]) => `- \`${id}\`: ${reason}`)
  const sections = (Object.keys(categories) as Category[]).map((category) => section(category, state))
  const kernels = [...registry.values()].filter((row) => row.cell !== undefined).length
  return `# openEO processes

Made from the code by \`node scripts/openeo-table.ts --write\`: the ${registry.size} processes of openEO (API 1.2, processes 2.0 and
proposals) that process graphs can use here, ${kernels} of them compiled where they stand in callbacks. Arguments, results and
errors are those of the [specification](https://processes.openeo.org).

- **chunks**: how cells of the result depend on cells of the data, which is what the planner cuts tasks by.
${Object.entries(rules)
  .map(([rule, meaning]) => `  - *${rule}*: ${meaning}.`)
  .join('\n')}
- **compiled**: a callback made of such processes runs as a WebAssembly kernel, where the order of a whole row matters (sorts,
  running results, gaps) after a loop over rows in typed arrays; any other callback runs value by value.
- **conformance**: cases of the project's half of openEO's test suite that pass (${sum((one) => one.passed)} of ${sum((one) => one.cases)} in
  all); empty where it has none. \`npm run conformance:openeo -- DIR\` runs the cases of a folder.

Cases that are not run, and why:

${skips.join('\n')}

${sections.filter((text) => text !== '').join('\n')}`
}

export const published = (): string => readFileSync(path, 'utf8')

if (import.meta.main && process.argv.includes('--write')) writeFileSync(path, page())
