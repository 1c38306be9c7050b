/** The command line in process: answers, exit codes, messages and what is left behind, with a fake application. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CancelledError, InputError } from '@ecotope/core'
import type { Application, PredictOptions, PublishOptions } from '@ecotope/run'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { counted, recipeJson } from '../../run/test/fakes.ts'
import { writePlainTiff } from '../../run/test/tiff.ts'
import { commands, runCli } from '../src/cli.ts'

let folder: string
let before: string
let published: PublishOptions | undefined
let predicted: PredictOptions | undefined
let work: ReturnType<typeof counted>
let fail: Error | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecotope-cli-'))
  before = process.cwd()
  process.chdir(folder)
  work = counted()
  fail = undefined
  await mkdir('recipe')
  const parameters = [
    ...recipeJson.parameters,
    { name: 'seed', description: 'Seed.', schema: { type: 'integer', minimum: 0 }, default: 1 },
    {
      name: 'features',
      description: 'Rasters.',
      schema: { type: 'array', items: { type: 'string', subtype: 'file-path' } },
      optional: true,
    },
    { name: 'labelProperty', description: 'Property.', schema: { type: 'string' }, optional: true },
  ]
  await writeFile('recipe/recipe.json', JSON.stringify({ ...recipeJson, parameters }))
  await writeFile('numbers.txt', '1 2 3')
})

afterEach(async () => {
  process.chdir(before)
  await rm(folder, { recursive: true, force: true })
})

function application(): Application {
  return {
    processes: work.processes,
    publish: async (run, out, options) => {
      published = options
      if (fail !== undefined) throw fail
      await writeFile(join(out, 'value.json'), JSON.stringify(run.value))
      return {
        files: ['value.json'],
        report: 'report.html',
        summary: [['kappa', '0.93']],
        metrics: { kappa: 0.93 },
      }
    },
    predict: async (options) => {
      if (fail !== undefined) throw fail
      predicted = options
      return { files: ['class.tif'], summary: [['area', '3 ha']] }
    },
  }
}

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const code = await runCli(args, {
    application: application(),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    signal: new AbortController().signal,
    version: '1.2.3',
  })
  return { code, out, err }
}

describe('help', () => {
  it.each([[], ['--help'], ['-h'], ['help']])('of the program: %j', async (...args) => {
    const { code, out } = await cli(...args)
    expect(code).toBe(0)
    for (const { name, summary } of commands) expect(out).toMatch(new RegExp(`${name} +${summary.slice(0, 20)}`))
  })

  it.each(commands.map(({ name }) => name))('of %s names every option and gives examples', async (name) => {
    const command = commands.find((one) => one.name === name)!
    const first = await cli(name, '--help')
    expect(first.code).toBe(0)
    for (const option of Object.keys(command.options)) expect(first.out).toContain(`--${option}`)
    expect(first.out).toContain(`Usage: ecotope ${name}`)
    expect(first.out).toContain('--json')
    expect(command.examples.length).toBeGreaterThan(0)
    expect((await cli('help', name)).out).toBe(first.out)
    expect((await cli(name, 'a', '--unknown', '-h')).out).toBe(first.out)
  })

  it('gives the version', async () => {
    expect(await cli('--version')).toEqual({ code: 0, out: '1.2.3\n', err: '' })
  })
})

describe('what is typed wrong', () => {
  it.each<[string, string[]]>([
    ['Did you mean inspect?', ['inspekt']],
    ['Did you mean explain-lineage?', ['explain-linage']],
    ['Did you mean --features?', ['run', 'recipe', '--feature', 'a']],
    ['The commands are:', ['qqqqqqqq']],
    ['--out needs a value', ['run', 'recipe', '--out']],
    ['--out needs a value', ['run', 'recipe', '--out', '--json']],
    ['--out is given twice', ['run', 'recipe', '--out', 'a', '--out', 'b']],
    ['--dry-run takes no value', ['run', 'recipe', '--dry-run=yes']],
    ['run needs a recipe', ['run']],
    ['"b" is one too many', ['run', 'recipe', 'b']],
    ['is not of the form NAME=VALUE', ['run', 'recipe', '--param', 'factor']],
    ['--threads 0 is not a whole number', ['run', 'recipe', '--param', 'file=numbers.txt', '--threads', '0']],
    [
      '--device tpu is not one of: cpu, webgpu, cuda',
      ['run', 'recipe', '--param', 'file=numbers.txt', '--device', 'tpu'],
    ],
    ['--memory lots is not an amount', ['run', 'recipe', '--param', 'file=numbers.txt', '--memory', 'lots']],
    ['needs at least one file', ['inspect']],
    ['explain needs one recipe', ['explain']],
    ['needs one result', ['explain-lineage']],
    ['score needs --reference', ['score']],
    ['neither test nor train', ['score', '--reference', 'a', '--prediction', 'b', '--checkerboard', 'all']],
    ['not of the form VALUE=NAME', ['score', '--reference', 'a', '--prediction', 'b', '--reference-names', 'a']],
    ['predict needs one model', ['predict']],
    ['predict needs --features', ['predict', 'm']],
    ['predict needs --out', ['predict', 'm', '--features', 'a']],
    ['there is no recipe at nowhere', ['run', 'nowhere']],
    ['recipe numbers needs: file', ['run', 'recipe']],
    ['Did you mean factor?', ['run', 'recipe', '--param', 'facto=1']],
    ['11 is outside the range 0 to 10', ['run', 'recipe', '--param', 'factor=11']],
    ['has no parameter split', ['run', 'recipe', '--split', 'random']],
    ['seed is given twice', ['run', 'recipe', '--seed', '1', '--param', 'seed=2', '--param', 'factor=1']],
    ['none.txt does not exist', ['run', 'recipe', '--param', 'file=none.txt', '--out', 'out/deep']],
    ['none.tif does not exist', ['inspect', 'none.tif']],
    ['none.tif does not exist', ['explain-lineage', 'none.tif']],
  ])('%s: %j', async (message, args) => {
    const { code, out, err } = await cli(...args)
    expect(err).toContain(message)
    expect(code).toBe(2)
    expect(out).toBe(args.includes('--json') ? out : '')
    expect(err).toMatch(/^error: .+\n(hint: .+\n)?$/)
    expect((await readdir('.')).sort()).toEqual(['numbers.txt', 'recipe'])
  })

  it('tells machines in JSON', async () => {
    const { code, out } = await cli('run', 'recipe', '--json', '--param', 'file=numbers.txt', '--param', 'factor=99')
    expect(code).toBe(2)
    expect(JSON.parse(out)).toEqual({
      error: {
        tag: 'BadParameter',
        message: 'parameter factor: 99 is outside the range 0 to 10',
        hint: 'factor takes: number, 0 to 10. The default is 2.',
        data: { parameter: 'factor', value: 99, allowed: 'number, 0 to 10' },
      },
    })
  })
})

describe('run', () => {
  const basic = ['run', 'recipe', '--param', 'file=numbers.txt', '--out', 'out/a']

  it('runs, publishes and tells where the results are', async () => {
    const { code, out, err } = await cli(...basic, '--seed', '7', 'factor=3')
    expect(code).toBe(0)
    expect(JSON.parse(await readFile('out/a/value.json', 'utf8'))).toMatchObject({ sum: 18, seed: 7 })
    expect(out).toContain('kappa')
    expect(out).toContain(join('out', 'a', 'report.html'))
    expect(err).toContain('[1/4] read: done')
    expect(err).toContain('warning: the file is odd')
    expect(published!.command).toBe('npx ecotope run recipe --param file=numbers.txt --out out/a --seed 7 factor=3')
  })

  it('finds its results the second time', async () => {
    await cli(...basic)
    const { out, err } = await cli(...basic)
    expect(work.ran).toHaveLength(4)
    expect(out).toContain('4 of 4 steps were already there')
    expect(err).toContain('[1/4] read: already there')
  })

  it('answers in JSON', async () => {
    const { out } = await cli(...basic, '--json', '--quiet')
    expect(JSON.parse(out)).toMatchObject({
      recipe: 'numbers',
      seed: 1,
      steps: [{ node: 'read', reused: false }, { node: 'scale' }, { node: 'title' }, { node: 'report' }],
      files: ['value.json'],
      metrics: { kappa: 0.93 },
      warnings: [{ tag: 'Odd' }],
    })
  })

  it('plans without running', async () => {
    const { code, out } = await cli(...basic, '--dry-run')
    expect(code).toBe(0)
    expect(out).toContain('4 of 4 steps to do, about 7.0 s, up to 5.00 kB of memory. Nothing was run.')
    expect(work.ran).toEqual([])
    expect((await readdir('.')).sort()).toEqual(['numbers.txt', 'recipe'])
    const json: unknown = JSON.parse((await cli(...basic, '--dry-run', '--json')).out)
    expect(json).toMatchObject({ dryRun: true, seconds: 7, memoryBytes: 5000 })
    await cli(...basic)
    expect((await cli(...basic, '--dry-run')).out).toContain('Everything is already there.')
  })

  it('leaves nothing behind when a step refuses its input', async () => {
    work.processes[0] = {
      ...work.processes[0]!,
      run: async () => {
        throw new InputError('Bad', 'no good')
      },
    }
    expect((await cli(...basic)).code).toBe(2)
    expect((await readdir('.')).sort()).toEqual(['numbers.txt', 'recipe'])
  })

  it('says how to go on after a stop', async () => {
    fail = new CancelledError()
    const { code, err } = await cli(...basic)
    expect(code).toBe(130)
    expect(err).toContain('hint: The same command goes on from the last finished step or epoch.')
  })

  it('says that nothing is left of a command that keeps nothing', async () => {
    fail = new CancelledError()
    const { code, err } = await cli('predict', 'm', '--features', 'a', '--out', 'o')
    expect(code).toBe(130)
    expect(err).toContain('stopped: as you asked; nothing is written\n')
    expect(err).not.toContain('hint')
  })

  it('shows no stack trace for a fault of its own, unless asked to', async () => {
    fail = new TypeError('x is undefined')
    const { code, err } = await cli(...basic)
    expect(code).toBe(1)
    expect(err).toContain('error: something that should not happen: x is undefined')
    expect(err).not.toContain('    at ')
    process.env.ECOTOPE_DEBUG = '1'
    expect((await cli(...basic)).err).toContain('    at ')
    delete process.env.ECOTOPE_DEBUG
  })

  it('says that the disk is full', async () => {
    fail = Object.assign(new Error('write'), { code: 'ENOSPC', path: 'class.tif' })
    const { code, err } = await cli(...basic)
    expect(code).toBe(2)
    expect(err).toContain('error: the disk is full: class.tif')
  })

  it('says that the output cannot be written', async () => {
    await writeFile('file', '')
    const { code, err } = await cli('run', 'recipe', '--param', 'file=numbers.txt', '--out', 'file/out')
    expect(code).toBe(2)
    expect(err).toContain('error: there is a file where a folder is needed')
  })
})

describe('predict', () => {
  it('hands files, budget and folder to the application', async () => {
    const { code, out } = await cli(
      'predict',
      'm',
      '--features',
      'a.tif, b.tif',
      '--out',
      'o',
      '--memory',
      '2GB',
      '--threads',
      '3',
      '--device',
      'webgpu',
    )
    expect(code).toBe(0)
    expect(out).toContain('area     3 ha')
    expect(predicted).toMatchObject({
      model: join(folder, 'm'),
      features: [join(folder, 'a.tif'), join(folder, 'b.tif')],
      out: join(folder, 'o'),
      memoryBytes: 2e9,
      threads: 3,
      device: 'webgpu',
    })
  })
})

describe('inspect, score, explain', () => {
  beforeEach(async () => {
    const values = [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1]
    await writePlainTiff('a.tif', { width: 4, height: 4, bands: [values] })
    await writePlainTiff('b.tif', { width: 4, height: 4, bands: [values.map((v, i) => (i === 0 ? 1 : v))] })
    await writePlainTiff('bare.tif', { width: 4, height: 4, bands: [values], epsg: null })
  })

  it('inspects as a table and as JSON', async () => {
    const { code, out } = await cli('inspect', 'a.tif')
    expect(code).toBe(0)
    expect(out).toContain('4 x 4 pixels of 10 x 10 m, 1 band, uint8')
    expect(out).toContain('EPSG:32632')
    const json = JSON.parse((await cli('inspect', 'a.tif', '--json')).out) as {
      inputs: { bands: { mean: number }[] }[]
    }
    expect(json.inputs[0]!.bands[0]!.mean).toBe(0.5)
  })

  it('shows a missing CRS as a problem and takes one', async () => {
    expect((await cli('inspect', 'bare.tif')).out).toContain('give it with --crs')
    expect((await cli('inspect', 'bare.tif', '--crs', 'EPSG:32632')).out).toContain('No problems found.')
    expect((await cli('inspect', 'bare.tif', '--crs', 'EPSG:1')).code).toBe(2)
  })

  it('scores', async () => {
    const { code, out } = await cli('score', '--reference', 'a.tif', '--prediction', 'b.tif', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ kappa: 0.875, overallAccuracy: 0.9375 })
    const named = ['--reference-names', '0=field,1=scar', '--prediction-names', '0=field,1=scar']
    expect((await cli('score', '--reference', 'a.tif', '--prediction', 'b.tif', ...named)).out).toMatch(/scar +0\.889/)
    const bare = await cli('score', '--reference', 'a.tif', '--prediction', 'bare.tif')
    expect(bare.code).toBe(2)
    expect(bare.err).toContain('--crs')
  })

  it('explains a recipe', async () => {
    const { code, out } = await cli('explain', 'recipe')
    expect(code).toBe(0)
    expect(out).toContain('factor  (number, 0 to 10; default 2)')
    expect(JSON.parse((await cli('explain', 'recipe', '--json')).out)).toMatchObject({ id: 'numbers' })
  })
})
