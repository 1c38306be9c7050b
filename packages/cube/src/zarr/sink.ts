/** Cubes as Zarr 3 stores: sharded, compressed, with CF and GeoZarr attributes. Workers write shards, the main side files them. */
import { dirname } from 'node:path'
import { EnvironmentError } from '@ecotope/core'
import { DTYPES } from '../dtype.ts'
import type { SinkFormat, SinkHandle, SinkJob, SinkOptions } from '../execute/sink.ts'
import { makeFolder } from '../format/folder.ts'
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
  await makeFolder(dirname(target)).catch((cause: unknown) => {
    throw cannotWrite(dirname(target), cause)
  })
  const partial = await openPartial(target, job, JSON.stringify(layout.plan)).catch((cause: unknown) => {
    throw cannotWrite(target, cause)
  })
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
      if (isFinal) await partial.note(boxes(region))
    },
    finish: async (work) => {
      await writeMetadata(plan, layout.dataset, schema)
      await work?.beforePublish?.()
      await partial.publish()
    },
    abandon: async (keep) => {
      if (!keep) await partial.remove()
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

function cannotWrite(path: string, cause: unknown): unknown {
  if (typeof (cause as NodeJS.ErrnoException).code !== 'string' || !('syscall' in (cause as object))) return cause
  return new EnvironmentError('CannotWrite', `cannot write ${path}: ${(cause as Error).message}`, {
    hint: 'check the permissions and the disk',
    data: { path },
    cause,
  })
}
