/** Where a plan's buffers lie in one linear memory: images that are never alive together share addresses. */
import { controlNumbers } from './run/control.ts'
import { scratchNumbers } from './run/executors.ts'
import type { Plan, Source, Step } from './steps.ts'

/** Numbers of a cache line. */
const LINE = 16
/** Kernels may read a vector beyond the last number. */
const SLACK = 16

const inLines = (numbers: number): number => Math.ceil(numbers / LINE) * LINE

const readBy = ({ parts }: Source): number[] =>
  parts.flatMap(({ formula }) => formula.leaves.map(({ buffer }) => buffer))

/** Every buffer that a step reads or writes. */
function touchedBy(step: Step): number[] {
  const fields = step as Partial<Record<string, unknown>>
  const numbers = ['moments', 'weights', 'bias', 'scale', 'planes'].map((name) => fields[name] as number | undefined)
  const views = ['to', 'factor', 'summand'].map((name) => (fields[name] as { buffer: number } | undefined)?.buffer)
  const from = step.kind === 'store' ? [step.from.buffer] : 'from' in step ? readBy(step.from) : []
  return [...numbers, ...views, ...from].filter((buffer): buffer is number => buffer !== undefined)
}

interface Life {
  readonly buffer: number
  readonly numbers: number
  first: number
  last: number
}

function livesOf({ steps, buffers }: Plan): Life[] {
  const lives = buffers.map(({ numbers }, buffer) => ({ buffer, numbers, first: Number.POSITIVE_INFINITY, last: -1 }))
  steps.forEach((step, at) => {
    for (const buffer of touchedBy(step)) {
      const life = lives[buffer]!
      life.first = Math.min(life.first, at)
      life.last = Math.max(life.last, at)
    }
  })
  // Inputs are there before the first step, outputs after the last.
  for (const step of steps) {
    if (step.kind === 'load') lives[step.planes]!.first = 0
    if (step.kind === 'store') lives[step.planes]!.last = steps.length
  }
  // What is fixed stays from run to run.
  for (const life of lives) {
    if (buffers[life.buffer]!.constant !== undefined) Object.assign(life, { first: 0, last: steps.length })
  }
  return lives
}

export interface Placement {
  /** Number of each buffer's first element, counted in float32. */
  readonly offsets: readonly number[]
  /** Of each thread's working space. */
  readonly scratch: readonly number[]
  /** All of the memory, in float32. */
  readonly numbers: number
}

/** The largest first, each as low as what is alive with it allows. */
function place(lives: readonly Life[], start: number): { offsets: ReadonlyMap<number, number>; end: number } {
  const offsets = new Map<number, number>()
  const placed: Life[] = []
  let end = start
  for (const life of lives.toSorted((a, b) => b.numbers - a.numbers || a.buffer - b.buffer)) {
    const size = inLines(life.numbers + SLACK)
    const others = placed
      .filter((other) => other.first <= life.last && life.first <= other.last)
      .map((other) => [offsets.get(other.buffer)!, inLines(other.numbers + SLACK)] as const)
      .toSorted(([a], [b]) => a - b)
    let at = start
    for (const [from, length] of others) {
      if (at + size <= from) break
      at = Math.max(at, from + length)
    }
    offsets.set(life.buffer, at)
    placed.push(life)
    end = Math.max(end, at + size)
  }
  return { offsets, end }
}

export function placementOf(plan: Plan, threads: number): Placement {
  const lives = livesOf(plan).filter(({ last }) => last >= 0)
  const { offsets, end } = place(lives, inLines(controlNumbers(plan.steps.length)))
  const room = inLines(Math.max(0, ...plan.steps.map(scratchNumbers)) + SLACK)
  const scratch = Array.from({ length: threads }, (_, thread) => end + thread * room)
  return { offsets: plan.buffers.map((_, buffer) => offsets.get(buffer) ?? 0), scratch, numbers: end + threads * room }
}

/** Bytes that a plan needs with so many threads. */
export const bytesOf = (plan: Plan, threads: number): number => placementOf(plan, threads).numbers * 4
