/** A process of its own that saves a made-up cube slowly; tests kill it. Arguments: path, context as JSON. */
import { saveOrigin } from '../../src/plan/save.ts'
import { type MadeContext, originOf, sinkModule, testSink } from './made.ts'

const [path, context] = process.argv.slice(2)
await saveOrigin(originOf(JSON.parse(context!) as MadeContext), path!, {
  sink: testSink,
  sinkModule,
  workers: 2,
  formatOptions: { chunks: [8, 8] },
  budgetBytes: 60_000,
  onProgress: ({ fraction }) => console.log(fraction),
})
