/** Cubes as Zarr 3 stores: sharded, compressed, with CF and GeoZarr attributes. Workers write shards, the main side files them. */
import { dirname } from 'node:path'
import { DTYPES } from '../dtype.ts'
import type { SinkFormat, SinkHandle, SinkJob, SinkOptions } from '../execute/sink.ts'
import { makeFolder } from '../format/folder.ts'
import { writeError } from '../geotiff/aside.ts'
import type { CubeSchema } from '../model/node.ts'
import { cellCount, type Region, splitRegion } from '../model/region.ts'
import { openPartial } from './partial.ts'
import { OPTIONS, planOf, type ZarrPlan } from './plan.ts'
import { shardWriter } from './shard-writer.ts'
import { writeMetadata } from './write-metadata.ts'

export const zarrSink: SinkFormat = {
  format: 'Zarr',
  extensions: ['.zarr'],
  options: OPTIONS,
  create,
  encoder: (handle) => Promise.resolve(shardWriter(handle as SinkHandle as ZarrPlan)),
}

/** Throws InputError `BadOption`, `BadDimension`, `NotAStore`, `OutputBusy`; EnvironmentError `CannotWrite`. */
async function create(path: string, schema: CubeSchema, { job, options }: SinkOptions): Promise<SinkJob> {
  const target = path.replace(/[\\/]+$/, '')
  const layout = planOf(target, '', schema, options)
  await guarded(target, () => makeFolder(dirname(target)))
  const partial = await guarded(target, () => openPartial(target, job, JSON.stringify(layout.plan)))
  const plan: ZarrPlan = { ...layout.plan, part: partial.folder }
  const boxes = (region: Region): string[] => Array.from(splitRegion(region, plan.box), (piece) => boxName(piece, plan))
  return {
    handle: plan,
    chunks: plan.box,
    order: 'any',
    encodeBytes: () => encodeBytes(plan),
    isDone: (region) => boxes(region).every((box) => partial.done.has(box)),
    ...(partial.done.size === 0 ? {} : { resumesFromMs: partial.begunMs }),
    write: async (region, _, isFinal = true) => {
      if (isFinal) await guarded(target, () => partial.note(boxes(region)))
    },
    finish: async (work) => {
      await guarded(target, () => writeMetadata(plan, layout.dataset, schema))
      await work?.beforePublish?.()
      await guarded(target, () => partial.publish())
    },
    abandon: async (keep) => {
      await (keep ? partial.release() : partial.remove())
    },
  }
}

const boxName = ({ start }: Region, { box }: ZarrPlan): string =>
  start.map((from, d) => Math.floor(from / box[d]!)).join('.')

/** Chunks being encoded, with their input and result. */
function encodeBytes({ arrays, dtype }: ZarrPlan): number {
  const chunk = cellCount(arrays[0]?.chunks ?? []) * DTYPES[dtype].bytes
  return 4 * 3 * chunk
}

/** Does some of the writing; errors name the output, as of the folder beside it nobody has heard. */
const guarded = <T>(path: string, work: () => Promise<T>): Promise<T> =>
  work().catch((cause: unknown) => {
    throw writeError(path, cause)
  })
