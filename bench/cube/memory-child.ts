/** One case of memory.ts in a process of its own. Prints peak resident megabytes and seconds as JSON. */
import { readFileSync } from 'node:fs'
import { saveOrigin } from '../../packages/cube/src/plan/save.ts'
import { type MemoryContext, sinks } from './memory-cubes.ts'

interface Job {
  readonly context: MemoryContext
  readonly budgetBytes: number
  readonly workers: number
}

/** The kernel's own record where there is one: it starts anew with the program, unlike that of `getrusage`. */
function peakMegabytes(): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}

const { context, budgetBytes, workers } = JSON.parse(process.argv[2]!) as Job
const module = new URL('./memory-cubes.ts', import.meta.url).href
const before = performance.now()
const { plan } = await saveOrigin({ module, context }, 'nowhere', {
  sink: sinks[0]!,
  sinkModule: module,
  budgetBytes,
  workers,
})
console.log(
  JSON.stringify({
    peakMb: Math.round(peakMegabytes()),
    seconds: Number(((performance.now() - before) / 1000).toFixed(2)),
    tasks: plan.tasks,
    taskShape: plan.taskShape,
    taskMb: Math.round(plan.taskBytes / 2 ** 20),
  }),
)
