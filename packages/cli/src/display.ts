/** Live progress: one line rewritten on a terminal, plain lines elsewhere. Writes to standard error only. */
import type { ProgressEvent, Warning } from '@ecotope/core'
import type { StepEvent } from '@ecotope/run'
import { duration, figure } from './text.ts'

export interface Sink {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export interface Display {
  progress(event: ProgressEvent): void
  step(event: StepEvent): void
  warn(warning: Warning): void
  /** A line that stays. */
  say(text: string): void
  /** Removes the live line. */
  clear(): void
}

const REDRAW_MS = 80
/** Plain lines: at each tenth or epoch of a step, and not more often than this. */
const PLAIN_MS = 5000

export function silentDisplay(sink: Sink): Display {
  const nothing = (): void => {}
  return { ...liveDisplay(sink), progress: nothing, step: nothing, say: nothing }
}

/** The display of a run; `now` in milliseconds. */
export function liveDisplay(sink: Sink, now: () => number = () => performance.now()): Display {
  let place = ''
  let shown = false
  let drawn = Number.NEGATIVE_INFINITY
  const last = { step: '', tenth: -1, epoch: -1, at: now() }
  const clear = (): void => {
    if (shown) sink.write('\r\u001b[K')
    shown = false
  }
  const line = (text: string): void => {
    clear()
    sink.write(`${text}\n`)
  }
  const progress = (event: ProgressEvent): void => {
    if (sink.isTTY) {
      if (shown && now() - drawn < REDRAW_MS && event.fraction < 1) return
      drawn = now()
      sink.write(`\r\u001b[K${liveLine(place, event, sink.columns ?? 80)}`)
      shown = true
    } else if (isNews(last, event, now())) line(`${place}${plainLine(event)}`)
  }
  return {
    progress,
    clear,
    say: line,
    warn: ({ message }) => line(`warning: ${message}`),
    step: (event) => {
      place = `[${event.index + 1}/${event.count}] `
      const said = stepLine(event)
      if (said !== undefined) line(`${place}${said}`)
      else if (sink.isTTY) {
        sink.write(`\r\u001b[K${liveLine(place, { step: event.node, fraction: 0 }, sink.columns ?? 80)}`)
        shown = true
      } else line(`${place}${event.node} ...`)
    },
  }
}

function stepLine(event: StepEvent): string | undefined {
  const took = event.seconds === undefined ? '' : duration(event.seconds)
  const lines: Record<StepEvent['state'], string | undefined> = {
    reused: `${event.node}: already there`,
    finished: `${event.node}: done in ${took}`,
    resumed: `${event.node}: going on where it stopped`,
    started: undefined,
  }
  return lines[event.state]
}

interface Last {
  step: string
  tenth: number
  epoch: number
  at: number
}

/** Plain lines are for logs: rare, and only where something has moved. */
function isNews(last: Last, event: ProgressEvent, at: number): boolean {
  const tenth = Math.floor(event.fraction * 10)
  const epoch = event.epoch ?? -1
  if (at - last.at < PLAIN_MS) return false
  if (event.step === last.step && tenth === last.tenth && epoch === last.epoch) return false
  Object.assign(last, { step: event.step, tenth, epoch, at })
  return true
}

function details(event: ProgressEvent): string[] {
  const parts: string[] = []
  if (event.epoch !== undefined)
    parts.push(`epoch ${event.epoch}${event.epochs === undefined ? '' : `/${event.epochs}`}`)
  if (event.loss !== undefined) parts.push(`loss ${figure(Number(event.loss.toPrecision(3)))}`)
  if (event.message !== undefined && event.message !== '') parts.push(event.message)
  if (event.secondsLeft !== undefined && Number.isFinite(event.secondsLeft) && event.fraction < 1)
    parts.push(`${duration(event.secondsLeft)} left`)
  return parts
}

function plainLine(event: ProgressEvent): string {
  return [`${event.step} ${percent(event)}`, ...details(event)].join(', ')
}

const percent = (event: ProgressEvent): string => `${Math.floor(100 * Math.min(1, event.fraction))} %`

const BAR = 20
const EIGHTHS = ' ▏▎▍▌▋▊▉'

function liveLine(place: string, event: ProgressEvent, columns: number): string {
  const filled = Math.min(1, Math.max(0, event.fraction)) * BAR
  const whole = Math.floor(filled)
  const part = whole < BAR ? EIGHTHS[Math.floor((filled - whole) * 8)]! : ''
  const bar = `${'█'.repeat(whole)}${part}`.padEnd(BAR)
  const text = [`${place}${event.step} ▕${bar}▏ ${percent(event).padStart(5)}`, ...details(event)].join('  ')
  // A line that wraps cannot be rewritten.
  return text.length < columns ? text : `${text.slice(0, Math.max(1, columns - 2))}…`
}
