/** What the page runs: the suite of all primitives, and training. Loaded by the tests through the server. */

import { openEngine } from '../../src/run/engine.ts'
import type { Device } from '../../src/run/protocol.ts'
import { cases } from '../cases/index.ts'
import { holdKernels, traceCase, worstError } from '../support.ts'

export { trainAndPredict } from './models.ts'

export interface CaseOutcome {
  readonly primitive: string
  readonly index: number
  /** Worst relative L2 error over the value and the gradients. */
  readonly error: number
  readonly message?: string
}

/** Every case of every primitive on a device, against the float64 interpreter. */
export async function runSuite(device: Device, only?: string): Promise<CaseOutcome[]> {
  const engine = openEngine({ device, threads: 1 })
  const outcomes: CaseOutcome[] = []
  try {
    const target = await engine.target({ exact: false, fixedWeights: false })
    await holdKernels(engine, target)
    for (const [primitive, list] of Object.entries(cases)) {
      if (only !== undefined && primitive !== only) continue
      for (const [index, c] of list.entries()) {
        try {
          outcomes.push({ primitive, index, error: await worstError(engine, target, traceCase(c)) })
        } catch (error) {
          outcomes.push({ primitive, index, error: Number.POSITIVE_INFINITY, message: String(error) })
        }
      }
    }
  } finally {
    await engine.close()
  }
  return outcomes
}
