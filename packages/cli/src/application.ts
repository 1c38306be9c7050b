/** What the command line can run. */
import { EnvironmentError } from '@ecotope/core'
import type { Application } from '@ecotope/run'

const refuse = (): never => {
  throw new EnvironmentError('NotAvailable', 'this build has no application')
}

export const application: Application = { processes: [], publish: refuse, predict: refuse }
