/**
 * Values of shuffled samples. Permutations are drawn one after the other from one stream; what they give is evaluated in
 * threads, from the place of the stream where each one's noise begins, so that any number of threads gives the same values.
 */
import { availableParallelism } from 'node:os'
import { type OnProgress, secondsLeft } from '@ecotope/core'
import { type Task, threadExecutor } from '@ecotope/cube'
import type { NumpyRandom } from '../random/pcg64.ts'
import { paced } from '../work/pace.ts'
import type { Problem } from './estimators.ts'
import { type Batch, evaluatorOf, STATE_WORDS } from './null-job.ts'

export interface NullOptions {
  readonly shuffles: number
  /** Threads; 0 or 1: all in this one. Default: one for each processor. */
  readonly threads?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

export interface Draws {
  readonly random: NumpyRandom
  /** The next permutation, drawn from the stream. */
  permutation(): Int32Array
  /** Numbers of noise that an evaluation draws. */
  readonly noise: number
}

const samplesOf = (problem: Problem): number => ('rows' in problem ? problem.rows : problem.codes)[0]!.length

/** Pairs of points below which other threads are not worth asking. */
const SMALL = 1e7
/** Batches for each thread: enough that none waits long for the last one. */
const BATCHES = 6
/** Pairs of points in a batch at most, so that a test stops soon when asked. */
const BATCH_PAIRS = 4e7

function* batches({ random, permutation, noise }: Draws, shuffles: number, size: number): Generator<Batch> {
  for (let done = 0; done < shuffles; done += size) {
    const here = Math.min(size, shuffles - done)
    const states = new Uint32Array(here * STATE_WORDS)
    let permutations = new Int32Array(0)
    for (let i = 0; i < here; i++) {
      const drawn = permutation()
      if (i === 0) permutations = new Int32Array(here * drawn.length)
      permutations.set(drawn, i * drawn.length)
      states.set(random.state(), i * STATE_WORDS)
      random.advance(noise)
    }
    yield { states, permutations }
  }
}

/** Share of shuffled values that are not smaller, the value itself counted among them. */
export function shareNotSmaller(value: number, shuffled: Float64Array): number {
  let count = 1
  for (const other of shuffled) if (other >= value) count++
  return count / (shuffled.length + 1)
}

/** One value per shuffle, in the order of draws. Throws `CancelledError`. */
export async function nullDistribution(problem: Problem, draws: Draws, options: NullOptions): Promise<Float64Array> {
  const { shuffles } = options
  const threads = options.threads ?? availableParallelism()
  const pairs = samplesOf(problem) ** 2 * shuffles
  const values =
    threads > 1 && pairs > SMALL && shuffles > 1
      ? inThreads(problem, draws, options, threads)
      : inThisThread(problem, draws, options)
  const out = new Float64Array(shuffles)
  let at = 0
  for await (const part of values) {
    out.set(part, at)
    at += part.length
  }
  return out
}

async function* inThisThread(problem: Problem, draws: Draws, options: NullOptions): AsyncGenerator<Float64Array> {
  const evaluate = evaluatorOf(problem)
  const pace = paced('shuffle test', {
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  })
  let done = 0
  for (const batch of batches(draws, options.shuffles, 1)) {
    yield evaluate(batch)
    const pause = pace.at(++done / options.shuffles)
    if (pause !== undefined) await pause
  }
}

async function* inThreads(
  problem: Problem,
  draws: Draws,
  { shuffles, signal, onProgress }: NullOptions,
  threads: number,
): AsyncGenerator<Float64Array> {
  const even = Math.ceil(shuffles / (threads * BATCHES))
  const size = Math.max(1, Math.min(even, Math.floor(BATCH_PAIRS / samplesOf(problem) ** 2)))
  const bytes = 64 * samplesOf(problem) * problem.roles.length
  const started = performance.now()
  function* tasks(): Generator<Task<Batch>> {
    let id = 0
    for (const payload of batches(draws, shuffles, size)) yield { id: `shuffles-${id++}`, payload, bytes }
  }
  const executor = threadExecutor({ shared: true, workers: threads })
  const job = { module: new URL('./null-job.ts', import.meta.url).href, context: problem }
  let done = 0
  for await (const outcome of executor.run<Batch, Float64Array>(job, tasks(), {
    order: 'task',
    ...(signal && { signal }),
  })) {
    if ('error' in outcome) throw outcome.error
    yield outcome.result
    done += outcome.result.length
    onProgress?.({
      step: 'shuffle test',
      fraction: done / shuffles,
      secondsLeft: secondsLeft(started, done / shuffles),
    })
  }
}
