/** `ecotope cause` as a user types it: graphs, effects, benchmark; and what bad input gets. */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { knownSeries } from '@ecotope/cause'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dataFolder, hasData } from '../../cube/test/data.ts'
import { runCli } from '../src/cli.ts'

let folder: string
let before: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecotope-cause-'))
  before = process.cwd()
  process.chdir(folder)
  for (const [k, name] of ['a.csv', 'b.csv', 'c.csv'].entries()) await writeFile(name, csv(k + 1))
})
afterEach(async () => {
  process.chdir(before)
  await rm(folder, { recursive: true, force: true })
})

/** A chain sst -> rain -> ndvi of lag 1 with noise. */
function csv(seed: number, steps = 300): string {
  const { series } = knownSeries({ kind: 'linear', nodes: 3, length: steps, seed, autocorrelation: 0, links: 0 })
  const [x, y, z] = series.datasets[0]!.columns.map((column) => Float64Array.from(column)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  for (let t = 1; t < steps; t++) {
    x[t] = x[t]! + 0.6 * x[t - 1]!
    y[t] = y[t]! + 0.7 * x[t - 1]!
    z[t] = z[t]! + 0.5 * y[t - 1]!
  }
  const rows = Array.from({ length: steps }, (_, t) => [`2000-${1 + t}`, x[t], y[t], z[t]])
  const month = (t: number): string => `${2000 + Math.floor(t / 12)}-${String((t % 12) + 1).padStart(2, '0')}`
  return `month,sst,rain,ndvi\n${rows.map((row, t) => [month(t), ...row.slice(1)].join(',')).join('\n')}\n`
}

type Ran = Promise<{ code: number; out: string; err: string }>

const cli = (...args: string[]): Ran => cliUntil(new AbortController().signal, ...args)

async function cliUntil(signal: AbortSignal, ...args: string[]): Ran {
  let [out, err] = ['', '']
  const code = await runCli(['cause', ...args], {
    application: {
      processes: [],
      publish: () => Promise.reject(new Error()),
      predict: () => Promise.reject(new Error()),
    },
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    signal,
    version: '1.2.3',
  })
  return { code, out, err }
}

const json = async (path: string) => JSON.parse(await readFile(path, 'utf8'))

describe('discover', () => {
  const common = ['--time', 'month', '--tau-max', '2', '--alpha', '0.01', '-q']

  it('writes the graph, its picture and its links', async () => {
    const { code, out, err } = await cli(
      'discover',
      'a.csv',
      ...common,
      '--json',
      'out/g.json',
      '--svg',
      'out/g.svg',
      '--links',
      'out/links.csv',
    )
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toMatch(/sst +1 {2}--> +rain/)
    expect(out).toMatch(/rain +1 {2}--> +ndvi/)
    expect(out).toContain('written: out/g.json, out/links.csv, out/g.svg')
    const graph = await json('out/g.json')
    expect(graph).toMatchObject({
      variables: ['sst', 'rain', 'ndvi'],
      tauMax: 2,
      method: 'pcmci',
      test: 'parcorr',
      alpha: 0.01,
    })
    expect(graph.graph[0][1][1]).toBe('-->')
    expect(graph.val_matrix[0][1][1]).toBeGreaterThan(0.4)
    expect(graph.p_matrix[0][1][1]).toBeLessThan(1e-6)
    expect(graph.graph[0][2][2]).toBe('')
    expect(graph.links[0]).toMatchObject({ lag: 1, link: '-->' })
    expect(graph.command).toContain('ecotope cause discover a.csv')
    expect(await readFile('out/g.svg', 'utf8')).toContain('sst')
    expect(await readFile('out/links.csv', 'utf8')).toMatch(/^from,to,lag,link,strength/)
  })

  it.each(['pcmci+', 'lpcmci', 'pc', 'fullci', 'bivci', 'granger'])('finds the chain by %s', async (method) => {
    const { code, err } = await cli('discover', 'a.csv', ...common, '--method', method, '--json', 'g.json')
    expect(err).toBe('')
    expect(code).toBe(0)
    const { graph } = await json('g.json')
    expect([graph[0][1][1], graph[1][2][1]]).toEqual(['-->', '-->'])
  })

  it.each([
    ['CMIknn', 'cmi-knn', 'PCMCI+', 'pcmci+'],
    ['robust_parcorr', 'robust-parcorr', 'pcmciplus', 'pcmci+'],
    ['ParCorr', 'parcorr', 'PCalg', 'pc'],
  ])('knows %s as %s, %s as %s', async (test, knownTest, method, knownMethod) => {
    const named = ['--test', test, '--method', method, '--shuffles', '20', '--pc-alpha', '0.01', '--json', 'g.json']
    expect(await cli('discover', 'a.csv', '--time', 'month', ...named, '-q')).toMatchObject({ code: 0, err: '' })
    expect(await json('g.json')).toMatchObject({ test: knownTest, method: knownMethod })
  })

  it('says why a value is null', async () => {
    await cli('discover', 'a.csv', ...common, '--json', 'g.json')
    expect(await json('g.json')).not.toHaveProperty('untested')
    await cli('discover', 'a.csv', ...common, '--method', 'lpcmci', '--tau-min', '1', '--json', 'g.json')
    const { val_matrix, untested } = await json('g.json')
    expect([val_matrix[0][1][0], untested]).toEqual([null, expect.stringContaining('never tested')])
  })

  it('leaves out the samples after a missing value where asked to', async () => {
    const rows = (await readFile('a.csv', 'utf8')).split('\n')
    rows[50] = rows[50]!.replace(/^([^,]*),[^,]*/, '$1,')
    await writeFile('gap.csv', rows.join('\n'))
    const samples = async (...extra: string[]) => {
      await cli('discover', 'gap.csv', ...common, ...extra, '--json', 'g.json')
      return (await json('g.json')).val_matrix[1][2][1]
    }
    expect(await samples('--missing-up-to-max-lag')).not.toBe(await samples())
  })

  it('takes several data sets, contexts and bootstraps', async () => {
    await writeFile('elevation.csv', 'elevation\n10\n500\n1500\n')
    const joint = ['discover', 'a.csv', 'b.csv', 'c.csv', ...common, '--method', 'jpcmci+']
    expect(await cli(...joint, '--context', 'elevation.csv', '--dummies', 'space', '--json', 'g.json')).toMatchObject({
      code: 0,
    })
    const { variables, graph } = await json('g.json')
    expect(variables).toEqual(['sst', 'rain', 'ndvi', 'elevation', 'space-dummy'])
    expect(graph[0][1][1]).toBe('-->')
    expect(await cli('discover', 'a.csv', ...common, '--bootstrap', '8', '--json', 'b.json')).toMatchObject({ code: 0 })
    const { links, link_frequency } = await json('b.json')
    expect(links[0].stability).toBe(1)
    expect(link_frequency[0][1][1]).toBe(1)
  })

  it('takes what is known of links', async () => {
    await writeFile(
      'known.json',
      JSON.stringify({ rain: { 'sst@-1': '-->', 'rain@-1': '-?>' }, ndvi: { 'rain@-2': '-?>' } }),
    )
    expect(await cli('discover', 'a.csv', ...common, '--assumptions', 'known.json', '--json', 'g.json')).toMatchObject({
      code: 0,
    })
    const { graph } = await json('g.json')
    expect(graph[0][1][1]).toBe('-->')
    expect(graph[1][2][1]).toBe('')
  })

  it('draws strengths by lag and graphs through time, at places too', async () => {
    await writeFile('places.csv', 'name,lon,lat\nsst,-120,0\nrain,38,9\nndvi,40,8\n')
    for (const extra of [
      ['--picture', 'lags'],
      ['--picture', 'time'],
      ['--places', 'places.csv'],
    ])
      expect(await cli('discover', 'a.csv', ...common, ...extra, '--svg', 'g.png')).toMatchObject({ code: 0 })
  })

  it.each([
    ['no file', ['x.csv'], /x\.csv cannot be opened/],
    ['no series', [], /needs a table of series/],
    ['an unknown method', ['a.csv', '--method', 'pcmi', '--time', 'month'], /no method pcmi\nhint: Did you mean pcmci/],
    ['an unknown test', ['a.csv', '--test', 'parcor', '--time', 'month'], /test parcor\nhint: Did you mean parcorr\?/],
    ['contexts that the method does not take', ['short.csv', '--context', 'one.csv'], /pcmci takes no contexts/],
    ['dummies that are none', ['short.csv', '--method', 'jpcmci+', '--dummies', 'foo'], /--dummies foo is not space/],
    ['an option of another verb', ['short.csv', '--nodes', '5'], /discover takes no --nodes/],
    ['no threads', ['short.csv', '--threads', '0'], /--threads 0 is not a whole number of at least 1/],
    ['an output that is an input', ['short.csv', '--links', './short.csv'], /short\.csv is an input of this run/],
    ['times as values', ['a.csv'], /a\.csv, column month, row 1: "2000-01" is not a number/],
    ['lags longer than the series', ['short.csv', '--tau-max', '9'], /cut off at the beginning/],
    ['cells that are no numbers', ['cells.csv'], /cells\.csv, column b, row 2: "x" is not a number/],
    ['names that are there twice', ['twice.csv'], /two columns are called "a"/],
    [
      'steps that are not regular',
      ['steps.csv', '--time', 'd'],
      /steps\.csv, row 2 \(2020-01-03\) is no whole number of steps/,
    ],
    ['nothing but missing values', ['missing.csv'], /no time step has values|misses/],
    ['a level that is none', ['a.csv', '--time', 'month', '--alpha', '2'], /levels are between 0 and 1/],
    ['an output of another kind', ['a.csv', '--json', 'g.txt'], /g\.txt does not end in \.json/],
    [
      'contexts that fit nothing',
      ['a.csv', '--time', 'month', '--method', 'jpcmci+', '--context', 'short.csv'],
      /has 6 rows/,
    ],
  ])('refuses %s', async (_, args, message) => {
    await writeFile('short.csv', 'a,b\n1,2\n2,3\n3,1\n4,2\n2,2\n1,5\n')
    await writeFile('one.csv', 'elevation\n7\n')
    await writeFile('cells.csv', 'a,b\n1,2\n2,x\n3,1\n')
    await writeFile('twice.csv', 'a,a\n1,2\n2,3\n')
    await writeFile('steps.csv', 'd,a,b\n2020-01-01,1,2\n2020-01-03,2,4\n2020-01-04T06:00:00Z,2,1\n2020-01-06,1,1\n')
    await writeFile('missing.csv', `a,b\n${Array.from({ length: 30 }, (_, t) => `${t % 7},`).join('\n')}\n`)
    const { code, err } = await cli('discover', ...args, '-q')
    expect(err).toMatch(message)
    expect(code).toBe(2)
    expect((await readdir('.')).filter((name) => /^g\.|partial/.test(name))).toEqual([])
  })

  it('warns about constant and trending series and goes on', async () => {
    const rows = Array.from({ length: 120 }, (_, t) => `${t + Math.sin(t * t)},5,${Math.sin(3 * t * t + 1)}`)
    await writeFile('odd.csv', `trend,constant,noise\n${rows.join('\n')}\n`)
    const { code, out } = await cli('discover', 'odd.csv', '--tau-max', '2', '--json', 'g.json', '-q')
    expect(code).toBe(0)
    expect(out).toMatch(/warning: constant: never changes/)
    expect(out).toMatch(/warning: trend: changes its level/)
    const { val_matrix, p_matrix } = await json('g.json')
    expect([val_matrix, p_matrix].flat(3).every(Number.isFinite)).toBe(true)
  })

  const golden = join(dataFolder, 'published_code_outputs/tigramite')
  it.skipIf(!hasData('published_code_outputs/tigramite')).each([
    [
      'overview_var4_T1000.csv',
      'overview_pcmci_parcorr_tau8_pcalphaNone_alpha0.01.json',
      ['--tau-max', '8', '--pc-alpha', 'none', '--alpha', '0.01'],
    ],
    [
      'plus_var3_T100.csv',
      'plus_pcmciplus_tau2_alpha0.05.json',
      ['--method', 'pcmci+', '--tau-max', '2', '--pc-alpha', '0.05'],
    ],
    [
      'plus_var3_T100.csv',
      'plus_lpcmci_tau2_alpha0.05.json',
      ['--method', 'lpcmci', '--tau-max', '2', '--pc-alpha', '0.05'],
    ],
  ])('%s as published: %s', async (series, expected, args) => {
    expect(await cli('discover', join(golden, series), ...args, '--json', 'g.json', '-q')).toMatchObject({ code: 0 })
    const [ours, theirs] = [await json('g.json'), await json(join(golden, expected))]
    expect(ours.graph).toEqual(theirs.graph)
    for (const key of ['val_matrix', 'p_matrix'])
      for (const [k, value] of (theirs[key].flat(2) as number[]).entries())
        expect(Math.abs(ours[key].flat(2)[k] - value)).toBeLessThan(1e-6)
  })
})

describe('effect', () => {
  const known = ['effect', 'a.csv', '--graph', 'g.json', '-q']
  beforeEach(async () => {
    await cli('discover', 'a.csv', '--time', 'month', '--tau-max', '2', '--alpha', '0.001', '--json', 'g.json', '-q')
  })

  it('tells total, direct and mediated effects with intervals', async () => {
    const { code, out, err } = await cli(
      ...known,
      '--from',
      'sst@-2',
      '--to',
      'ndvi@0',
      '--mediated',
      '--json',
      'effect.json',
    )
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toMatch(/through rain/)
    const { total, mediated, level } = await json('effect.json')
    expect(level).toBe(0.95)
    expect(total[0].low).toBeLessThan(0.35)
    expect(total[0].high).toBeGreaterThan(0.35)
    expect(mediated[0].variable).toBe('rain')
  })

  it.each([
    ['unknown variables', ['--from', 'sts@-1', '--to', 'rain@0'], /no variable sts\nhint: Did you mean sst/],
    ['no effect node', ['--from', 'sst@-1'], /effect needs --to/],
    [
      'a file that is no graph',
      ['--from', 'sst@-1', '--to', 'rain@0', '--graph', 'no.json'],
      /given twice|no\.json is not a graph/,
    ],
  ])('refuses %s', async (_, args, message) => {
    await writeFile('no.json', '{}')
    const { code, err } = await cli(...known, ...args)
    expect(err).toMatch(message)
    expect(code).toBe(2)
  })
})

describe('benchmark', () => {
  it('prints a table and writes it', async () => {
    const { code, out } = await cli(
      'benchmark',
      '--nodes',
      '3',
      '--length',
      '150',
      '--repeat',
      '3',
      '--methods',
      'pcmci',
      '--out',
      'table.md',
      '-q',
    )
    expect(code).toBe(0)
    expect(out).toMatch(/3 data sets of kind linear: 3 variables, 150 steps/)
    expect(out).toMatch(/baseline: square root form/)
    expect(await readFile('table.md', 'utf8')).toMatch(/^\| method \| AUROC/)
  })

  it('refuses kinds that it does not know', async () => {
    expect(await cli('benchmark', '--kind', 'round', '-q')).toMatchObject({
      code: 2,
      err: expect.stringContaining('made-up series round'),
    })
    expect(existsSync('table.md')).toBe(false)
  })
})

it('stops when asked and writes nothing', async () => {
  const stop = new AbortController()
  stop.abort()
  for (const args of [
    ['discover', 'a.csv', '--time', 'month', '--json', 'g.json', '--svg', 'g.svg'],
    ['benchmark', '--out', 'g.md'],
  ]) {
    const { code, err } = await cliUntil(stop.signal, ...args, '-q')
    expect(code).toBe(130)
    expect(err).toMatch(/nothing is written/)
  }
  expect((await readdir('.')).filter((name) => /^g|partial/.test(name))).toEqual([])
})

it('asks for a verb', async () => {
  expect(await cli('-q')).toMatchObject({ code: 2, err: expect.stringContaining('discover, effect or benchmark') })
})
