/**
 * Peak memory of processing a cube ten times the budget, each case in a process of its own; the bound is the budget and
 * 300 MB. Usage: node bench/cube/memory.ts [BUDGET_MB] [WORKERS] [PATH of a stored cube with dimensions t, y, x]
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CASES } from './memory-cubes.ts'

const [budget = '200', workers = '2', path] = process.argv.slice(2)
const budgetBytes = Number(budget) * 2 ** 20
const side = 4096
// As many dates of uint16 as make ten times the budget.
const dates = Math.ceil((10 * budgetBytes) / (2 * side * side))
const child = fileURLToPath(new URL('memory-child.ts', import.meta.url))

let isKept = true
for (const name of CASES) {
  const context = { case: name, dates, side, ...(path === undefined ? {} : { path }) }
  const job = JSON.stringify({ context, budgetBytes, workers: Number(workers) })
  const result = JSON.parse(execFileSync(process.execPath, [child, job], { encoding: 'utf8' })) as { peakMb: number }
  const limitMb = Number(budget) + 300
  isKept &&= result.peakMb <= limitMb
  console.log(JSON.stringify({ case: name, budgetMb: Number(budget), limitMb, ...result }))
}
if (!isKept) process.exitCode = 1
