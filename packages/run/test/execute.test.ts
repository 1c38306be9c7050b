/** Running recipes: what is reused, resumed, recomputed; what is kept after cancelling, failing and being killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CancelledError, EnvironmentError, InputError, type ProgressEvent } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import { type JsonValue, planRecipe, type Run, resolveParameters, runRecipe } from '../src/index.ts'
import { type Counted, counted, fake, numbersRecipe, temporary } from './fakes.ts'

interface Setting {
  readonly folder: string
  readonly store: string
  readonly file: string
}

async function setting(): Promise<Setting> {
  const folder = await temporary()
  const file = join(folder, 'numbers.txt')
  await writeFile(file, '1 2 3\n')
  return { folder, store: join(folder, 'store'), file }
}

function run(at: Setting, { processes }: Counted, given: object = {}, more: object = {}): Promise<Run> {
  const recipe = numbersRecipe()
  const parameters = resolveParameters(recipe, { file: at.file, ...given })
  return runRecipe(recipe, parameters, { processes, store: at.store, threads: 1, memoryBytes: 1e6, ...more })
}

describe('runRecipe', () => {
  it('runs every step once and gives the value of the result node', async () => {
    const at = await setting()
    const work = counted()
    const done = await run(at, work)
    expect(work.ran).toEqual(['read', 'scale', 'title', 'report'])
    expect(done.value).toEqual({ title: 'SUM', sum: 12, seed: 1 })
    expect(done.steps.map(({ reused }) => reused)).toEqual([false, false, false, false])
    const again = await run(at, work)
    expect(work.ran).toHaveLength(4)
    expect(again.value).toEqual(done.value)
    expect(again.steps.map(({ reused }) => reused)).toEqual([true, true, true, true])
  })

  it.each<[string, object, object, string[]]>([
    ['parameter in the middle', { factor: 3 }, {}, ['scale', 'report']],
    ['parameter beside', { text: 'total' }, {}, ['title', 'report']],
    ['seed', {}, { seed: 2 }, ['scale', 'report']],
    ['threads', {}, { threads: 2 }, []],
    ['device', {}, { device: 'webgpu' }, []],
  ])('recomputes only what depends on a changed %s', async (_, given, more, expected) => {
    const at = await setting()
    const work = counted()
    await run(at, work)
    work.ran.length = 0
    await run(at, work, given, more)
    expect(work.ran).toEqual(expected)
  })

  it('sees the content of files, not where they are', async () => {
    const at = await setting()
    const work = counted()
    await run(at, work)
    const other = { ...at, file: join(await temporary(), 'numbers.txt') }
    await writeFile(other.file, '1 2 3\n')
    work.ran.length = 0
    await run(other, work)
    expect(work.ran).toEqual([])
    await writeFile(other.file, '4 5 6\n')
    expect((await run(other, work)).value).toMatchObject({ sum: 30 })
    expect(work.ran).toEqual(['read', 'scale', 'report'])
  })

  it('recomputes after a new version of a process', async () => {
    const at = await setting()
    await run(at, counted())
    const newer = counted({ version: '1.1.0' })
    await run(at, newer)
    expect(newer.ran).toEqual(['scale', 'report'])
  })

  it('computes a damaged result again, with a warning', async () => {
    const at = await setting()
    const work = counted()
    const first = await run(at, work)
    const scale = first.steps.find(({ node }) => node === 'scale')!
    await writeFile(join(scale.directory, 'scaled.json'), '[0]')
    const warnings: string[] = []
    work.ran.length = 0
    const again = await run(at, work, {}, { onWarning: ({ tag }: { tag: string }) => warnings.push(tag) })
    expect(work.ran).toEqual(['scale'])
    expect(again.value).toEqual(first.value)
    expect(warnings).toContain('StepDamaged')
  })

  it('tells warnings again when a result is reused', async () => {
    const at = await setting()
    const told: string[] = []
    const onWarning = ({ tag }: { tag: string }) => told.push(tag)
    await run(at, counted(), {}, { onWarning })
    await run(at, counted(), {}, { onWarning })
    expect(told).toEqual(['Odd', 'Odd'])
  })

  it('reports steps and progress under the names of the nodes', async () => {
    const at = await setting()
    const states: string[] = []
    const progress: ProgressEvent[] = []
    const onStep = ({ node, state, index, count }: { node: string; state: string; index: number; count: number }) =>
      states.push(`${index + 1}/${count} ${node} ${state}`)
    await run(at, counted(), {}, { onStep, onProgress: (event: ProgressEvent) => progress.push(event) })
    expect(states.slice(0, 3)).toEqual(['1/4 read started', '1/4 read finished', '2/4 scale started'])
    expect(progress).toEqual([expect.objectContaining({ step: 'scale', fraction: 0.5 })])
    expect(progress[0]!.secondsLeft).toBeGreaterThanOrEqual(0)
    states.length = 0
    await run(at, counted(), {}, { onStep })
    expect(states).toContain('2/4 scale reused')
  })

  it('says which input file is missing, and writes no step', async () => {
    const at = await setting()
    const missing = run({ ...at, file: join(at.folder, 'none.txt') }, counted())
    await expect(missing).rejects.toMatchObject({ tag: 'MissingFile' })
    await expect(missing).rejects.toBeInstanceOf(InputError)
    expect(await readdir(at.folder)).toEqual(['numbers.txt'])
  })

  it('refuses a second run on the same store', async () => {
    const at = await setting()
    const both = await Promise.allSettled([run(at, counted()), run(at, counted())])
    const failed = both.filter((one) => one.status === 'rejected')
    expect(failed).toHaveLength(1)
    expect(failed[0]!.reason).toMatchObject({ tag: 'StoreBusy' })
  })
})

/** A recipe of one process. */
function single(process: ReturnType<typeof fake>) {
  const graph = { only: { process_id: process.id, namespace: 'ecotope', arguments: {}, result: true } }
  const recipe = numbersRecipe({ parameters: [], process_graph: graph })
  return (store: string, more: object = {}) => runRecipe(recipe, {}, { processes: [process], store, ...more })
}

describe('steps that do not end well', () => {
  it('keeps the checkpoints of a cancelled step and continues from them', async () => {
    const { store } = await setting()
    const epochs = fake('epochs', [], async (_, { directory, signal }) => {
      const path = join(directory, 'epoch')
      let epoch = Number(await readFile(path, 'utf8').catch(() => '0'))
      const from = epoch
      for (; epoch < 4; await writeFile(path, String(epoch))) {
        if (signal?.aborted) throw new CancelledError()
        epoch++
        if (epoch === 2) stop.abort()
      }
      return { from }
    })
    const stop = new AbortController()
    const go = single(epochs)
    await expect(go(store, { signal: stop.signal })).rejects.toBeInstanceOf(CancelledError)
    const states: string[] = []
    const done = await go(store, { onStep: ({ state }: { state: string }) => states.push(state) })
    expect(done.value).toEqual({ from: 2 })
    expect(states).toEqual(['resumed', 'finished'])
  })

  it('keeps finished steps when a later one is cancelled', async () => {
    const at = await setting()
    const work = counted()
    const stop = new AbortController()
    const onStep = ({ node, state }: { node: string; state: string }) => {
      if (node === 'scale' && state === 'finished') stop.abort()
    }
    await expect(run(at, work, {}, { signal: stop.signal, onStep })).rejects.toBeInstanceOf(CancelledError)
    work.ran.length = 0
    await run(at, work)
    expect(work.ran).toEqual(['title', 'report'])
  })

  it.each<[string, Error, boolean]>([
    ['a bad input', new InputError('Bad', 'bad'), false],
    ['a fault of ours', new TypeError('fault'), false],
    ['a full disk', Object.assign(new Error('write'), { code: 'ENOSPC', path: '/x' }), true],
  ])('after %s', async (_, error, kept) => {
    const { store } = await setting()
    const failing = fake('failing', [], async (_args, { directory }) => {
      await writeFile(join(directory, 'half'), '')
      throw error
    })
    const failed = single(failing)(store)
    if (kept) await expect(failed).rejects.toMatchObject({ tag: 'DiskFull' })
    if (kept) await expect(failed).rejects.toBeInstanceOf(EnvironmentError)
    else await expect(failed).rejects.toBe(error)
    const left = (part: string) => readdir(join(store, part)).catch(() => ['no store'])
    expect(await left('partial')).toHaveLength(kept || error instanceof InputError ? 1 : 0)
    expect(await left('steps')).toEqual(error instanceof InputError ? ['no store'] : [])
  })

  it('refuses a value that is no JSON', async () => {
    const { store } = await setting()
    await expect(single(fake('nan', [], () => Number.NaN))(store)).rejects.toThrow(RangeError)
  })

  it('says where an argument is not the result of a step', async () => {
    const at = await setting()
    const recipe = numbersRecipe()
    const graph = { ...recipe.process_graph }
    graph.scale = { ...graph.scale!, arguments: { data: 'text', factor: 2 } }
    const options = { processes: counted().processes, store: at.store }
    await expect(runRecipe({ ...recipe, process_graph: graph }, { file: at.file }, options)).rejects.toMatchObject({
      tag: 'NotAStep',
    })
  })

  it('resumes after SIGKILL in the middle of a step', async () => {
    const at = await setting()
    const script = fileURLToPath(new URL('killed.ts', import.meta.url))
    const start = () => spawn(process.execPath, [script, at.store], { stdio: ['ignore', 'pipe', 'inherit'] })
    const child = start()
    for await (const chunk of child.stdout as AsyncIterable<Buffer>)
      if (chunk.toString().includes('epoch 3')) child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')
    const again = start()
    let output = ''
    for await (const chunk of again.stdout as AsyncIterable<Buffer>) output += chunk.toString()
    // The first step is reused, the second goes on after its last checkpoint.
    expect(output).toContain('prepare reused')
    expect(output).toContain('train resumed')
    expect(output).not.toContain('epoch 3\n')
    const last = JSON.parse(output.trim().split('\n').at(-1)!) as { value: JsonValue }
    expect(last.value).toEqual({ epochs: 6, from: 3 })
  }, 60_000)
})

describe('planRecipe', () => {
  const plan = (at: Setting, given: object = {}) => {
    const recipe = numbersRecipe()
    const parameters = resolveParameters(recipe, { file: at.file, ...given })
    return planRecipe(recipe, parameters, { processes: counted().processes, store: at.store })
  }

  it('tells what is to do and what it may cost, and writes nothing', async () => {
    const at = await setting()
    const before = await plan(at)
    // read 2 s, scale as many seconds as read forecasts numbers, title and report 1 s.
    expect(before.seconds).toBe(7)
    expect(before.memoryBytes).toBe(5000)
    expect(before.steps.every(({ reused }) => !reused)).toBe(true)
    expect(await readdir(at.folder)).toEqual(['numbers.txt'])
  })

  it('knows what a run would reuse', async () => {
    const at = await setting()
    await run(at, counted())
    expect((await plan(at)).steps.map(({ reused }) => reused)).toEqual([true, true, true, true])
    const changed = await plan(at, { factor: 5 })
    expect(changed.steps.filter(({ reused }) => !reused).map(({ node }) => node)).toEqual(['scale', 'report'])
    expect(changed.seconds).toBe(4)
  })

  it('has the addresses of the run', async () => {
    const at = await setting()
    const before = await plan(at)
    const done = await run(at, counted())
    expect(done.steps.map(({ address }) => address)).toEqual(before.steps.map(({ address }) => address))
  })

  it('leaves the total open where no step can say', async () => {
    const at = await setting()
    const process = fake('mute', [], () => null)
    const graph = { only: { process_id: 'mute', namespace: 'ecotope', arguments: {}, result: true } }
    const recipe = numbersRecipe({ parameters: [], process_graph: graph })
    expect((await planRecipe(recipe, {}, { processes: [process], store: at.store })).seconds).toBeUndefined()
  })
})
