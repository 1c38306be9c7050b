/** Run by kill.test.ts: writes a store shard by shard, with a line for each, until it is killed. kill-child.ts PATH JOB */
import { shapeOf } from '../../src/model/node.ts'
import { splitRegion, wholeRegion } from '../../src/model/region.ts'
import { zarrSink } from '../../src/zarr/sink.ts'
import { blockOf, killOptions, killSchema, sampleCells } from './samples.ts'

const [path = '', job = ''] = process.argv.slice(2)
const cells = sampleCells(killSchema)
const sink = await zarrSink.create(path, killSchema, { job, options: killOptions })
const encoder = await zarrSink.encoder(sink.handle)
for (const region of splitRegion(wholeRegion(shapeOf(killSchema)), sink.chunks)) {
  if (sink.isDone(region)) continue
  await sink.write(region, await encoder.encode(region, blockOf(killSchema, cells, region), {}))
  console.log('shard')
}
await sink.finish()
console.log('finished')
