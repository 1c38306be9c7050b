/** The dates of a stack, and which image of a layer stands for each of them. */
import { InputError } from '@ecotope/core'
import { parseInstant, secondsOf } from '../model/time.ts'
import { onePeriod, timeOrder } from './layer-set.ts'
import { forLayer } from './own-dimensions.ts'
import { layerNamed } from './target-grid.ts'
import type { Broadcast, Layer, Piece, StackOptions } from './types.ts'

/** Instants in ascending order; undefined where no chosen layer has any (a stack without time). */
export function targetTimes(
  request: StackOptions['time'],
  chosen: readonly Layer[],
  all: readonly Layer[],
  broadcast: StackOptions['broadcast'],
): readonly string[] | undefined {
  // Layers that are spread over other dates have no say in which dates there are, unless they alone have any.
  const own = chosen.filter((layer) => layer.times.length > 0 && forLayer(broadcast, layer) === undefined)
  const dated = own.length > 0 ? own : chosen.filter(({ times }) => times.length > 0)
  if (request !== undefined && request !== 'union' && request !== 'intersection') {
    const { times, name } = layerNamed(all, request, 'time')
    if (times.length === 0) throw new InputError('NoDates', `layer ${name} has no dates`, { data: { layer: name } })
    return times
  }
  if (dated.length === 0) return undefined
  oneCalendar(dated)
  onePeriod(dated.map(({ name, period, times }) => ({ name, period, time: times[0] })))
  const lists = dated.map(({ times }) => times)
  const [first] = dated
  if (request !== 'intersection') return [...new Set(lists.flat())].sort(timeOrder(first!.calendar, first!.period))
  const shared = lists[0]!.filter((time) => lists.every((list) => list.includes(time)))
  if (shared.length > 0) return shared
  throw new InputError('NoSharedDates', `layers ${dated.map(({ name }) => name).join(', ')} have no date in common`, {
    hint: 'take time: "union", or spread a layer over the dates of another with broadcast',
    data: { layers: dated.map(({ name }) => name) },
  })
}

function oneCalendar(layers: readonly Layer[]): void {
  const other = layers.find(({ calendar }) => calendar !== layers[0]!.calendar)
  if (other === undefined) return
  throw new InputError(
    'MixedCalendars',
    `layers ${layers[0]!.name} and ${other.name} have dates of different calendars (${layers[0]!.calendar}, ${other.calendar})`,
    { hint: 'stack them separately', data: { layers: [layers[0]!.name, other.name] } },
  )
}

type Pick = (piece: Piece, time: string, layer: Layer) => boolean

/** How images stand for dates other than their own. */
export const BROADCAST: Readonly<Record<Broadcast, Pick>> = {
  static: () => true,
  year: ({ time }, target) => time?.slice(0, 4) === target.slice(0, 4),
  month: ({ time }, target) => time?.slice(0, 7) === target.slice(0, 7),
  previous: ({ time }, target, layer) => time !== undefined && time === layer.times.findLast((t) => t <= target),
  nearest: ({ time }, target, layer) => time !== undefined && time === nearestTime(layer, target),
}

function nearestTime({ times, calendar }: Layer, target: string): string | undefined {
  const seconds = (label: string): number => {
    const date = parseInstant(label, calendar)
    return date === undefined ? Number.NaN : secondsOf(date, calendar)
  }
  const at = seconds(target)
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const time of times) {
    const distance = Math.abs(seconds(time) - at)
    if (distance < least) [best, least] = [time, distance]
  }
  return best
}

/** The images of a layer for each date (one list where the stack has no time). Throws `NoDates`, `BadBroadcast`. */
export function imagesByTime(
  layer: Layer,
  times: readonly string[] | undefined,
  rule: Broadcast | undefined,
): (readonly Piece[])[] {
  if (times === undefined) return [layer.pieces]
  if (rule === undefined) {
    if (layer.times.length === 0) throw undatedLayer(layer)
    const byTime = Map.groupBy(layer.pieces, ({ time }) => time)
    return times.map((time) => byTime.get(time) ?? [])
  }
  const pick = BROADCAST[rule]
  if (pick === undefined) {
    throw new InputError('BadBroadcast', `layer ${layer.name}: "${rule}" is no way to spread images over dates`, {
      hint: `it is one of ${Object.keys(BROADCAST).join(', ')}`,
      data: { layer: layer.name, broadcast: rule },
    })
  }
  if (rule === 'static' && layer.times.length > 1) throw notStatic(layer)
  return times.map((time) => layer.pieces.filter((piece) => pick(piece, time, layer)))
}

const undatedLayer = (layer: Layer): InputError =>
  new InputError('NoDates', `layer ${layer.name} has no dates, but others of the stack have`, {
    hint: `say that it holds at all dates: broadcast: { "${layer.name}": "static" }; or leave it out with bands`,
    data: { layer: layer.name },
  })

const notStatic = (layer: Layer): InputError =>
  new InputError('BadBroadcast', `layer ${layer.name} has ${layer.times.length} dates, so it is not static`, {
    hint: 'take year, month, previous or nearest',
    data: { layer: layer.name, times: layer.times.length },
  })
