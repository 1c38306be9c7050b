/**
 * False and true positive rates of PCMCI with partial correlation at level 0.05 where series remember much (0.9 of their last
 * value): 10 variables, 500 steps, lags to 5, 10 links between variables, many processes; prints JSON. Absent links are those
 * between two variables, and within one from lag 2 on. With $CAUSE_PYTHON (tigramite) also the rates of the reference on the
 * same series. Usage: node bench/cause/rates.ts [processes] [processes for the reference]
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { columnsFile, linearProcess } from './processes.ts'
import { ratesOf, VARIABLES } from './rates-count.ts'

const [count = '200', compared = '20'] = process.argv.slice(2)
const setup = { variables: VARIABLES, steps: 500, memory: 0.9, lagged: 10, present: 0, strength: 0.15 }
const processes = Array.from({ length: Number(count) }, (_, k) => linearProcess({ ...setup, seed: 1000 + k }))
const level = 0.05

console.log(JSON.stringify({ case: 'rates-ours', level, ...(await ratesOf(processes, level)) }))
if (process.env.CAUSE_PYTHON !== undefined) {
  const some = processes.slice(0, Number(compared))
  const jobs = some.map(({ columns, links }) => ({ file: columnsFile(columns), links }))
  const script = fileURLToPath(new URL('rates_peer.py', import.meta.url))
  const input = JSON.stringify({ jobs, variables: VARIABLES, level })
  const peer = spawnSync(process.env.CAUSE_PYTHON, [script], {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const same = { case: 'rates-ours-same-series', level, ...(await ratesOf(some, level)) }
  console.log(JSON.stringify(same))
  console.log(JSON.stringify({ case: 'rates-reference', level, ...(JSON.parse(peer.stdout) as object) }))
}
