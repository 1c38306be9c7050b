import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dataFolder, hasData } from '../packages/cube/test/data.ts'
import { conformance, linesOf, stateOf } from '../scripts/conformance-openeo.ts'
import { runCase } from '../scripts/openeo/run.ts'
import { readCases } from '../scripts/openeo/suite.ts'
import { page, published } from '../scripts/openeo-table.ts'
import { casesOf } from './openeo-case.ts'
import { cubeCases } from './openeo-cube-cases.ts'
import { pixelCases } from './openeo-pixel-cases.ts'
import { temporalCases } from './openeo-temporal-cases.ts'
import { valueCases } from './openeo-value-cases.ts'

test('docs/openeo-processes.md is the table of the code', () => {
  expect(published(), 'if meant, run: npx node scripts/openeo-table.ts --write').toBe(page())
})

const suite = 'openeo_process_tests/tests'

test.skipIf(!hasData(suite))('every case of the openEO test files passes', async () => {
  const report = await conformance(join(dataFolder, suite))
  expect(linesOf(report).filter((line) => line.startsWith('FAIL'))).toEqual([])
  expect(report.passed).toBeGreaterThan(500)
})

test.each([
  ['values', valueCases],
  ['cubes', cubeCases],
  ['cubes along time', temporalCases],
  ['pixels', pixelCases],
] as const)('cases of our own on %s pass', async (_name, rows) => {
  const wrong: string[] = []
  for (const one of casesOf(rows)) {
    const verdict = await runCase(one, {})
    if (verdict.state !== 'passed') wrong.push(`${one.id}: ${verdict.reason}`)
  }
  expect(wrong).toEqual([])
  expect(rows.length).toBeGreaterThan(10)
})

/** A folder with one test file for `add` and one for `drop_dimension`. */
function made(cases: string, cubes = '[]'): string {
  const folder = mkdtempSync(join(tmpdir(), 'ecotope-openeo-'))
  mkdirSync(join(folder, 'assets'))
  const cube = (values: string): string =>
    `{type:'datacube',order:['b','x'],nodata:255,dimensions:{b:{type:'bands',values:['r']},x:{type:'spatial',axis:'x',values:[1,2]}},data:${values}}`
  writeFileSync(join(folder, 'assets', 'cube.json5'), cube('[[1,255]]'))
  writeFileSync(join(folder, 'assets', 'labels.json'), '["r"]')
  writeFileSync(join(folder, 'add.json5'), `{id:'add',tests:${cases}}`)
  writeFileSync(join(folder, 'dimension_labels.json5'), `{id:'dimension_labels',tests:${cubes}}`)
  writeFileSync(join(folder, 'notes.txt'), 'not a test')
  return folder
}

const outcomes = async (folder: string): Promise<string[]> => linesOf(await conformance(folder))

describe('the runner of test files', () => {
  test('passes what is right and says what is wrong', async () => {
    const folder = made(`[
      {arguments:{x:1,y:2},returns:3}, // a comment
      {arguments:{x:1,y:2},returns:4},
      {arguments:{x:NaN,y:{type:'nodata'}},returns:{type:'nodata'}},
      {arguments:{x:1,y:NaN},returns:NaN},
      {arguments:{x:1,y:Infinity},returns:NaN},
      {arguments:{x:1,y:2.00000000004},returns:3},
      {arguments:{x:1,y:2.01},returns:3},
      {arguments:{x:1,y:2.01},returns:3,delta:0.1},
      {arguments:{x:1},throws:'ProcessParameterMissing'},
      {arguments:{x:1},throws:true},
      {arguments:{x:1},throws:'MinMaxSwapped'},
      {arguments:{x:1,y:2},throws:true},
      {arguments:{x:1,y:2},returns:3,throws:true},
      {arguments:{x:1,y:2},returns:3,required:['no_such_process']},
    ]`)
    const lines = await outcomes(folder)
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'FAIL add#2',
      'FAIL add#5',
      'FAIL add#7',
      'FAIL add#11',
      'FAIL add#12',
      'FAIL add#14',
      '8 passed, 6 failed, 0 skipped',
    ])
    expect(lines[0]).toBe('FAIL add#2: gives 3 instead of 4')
    expect(lines[3]).toMatch(/throws ProcessParameterMissing: .* instead of the error MinMaxSwapped/)
  })

  test('reads references to other files, cubes among them', async () => {
    const folder = made(
      '[]',
      `[{arguments:{data:{$ref:'assets/cube.json5'},dimension:'b'},returns:{$ref:'assets/labels.json'}},
        {arguments:{data:{$ref:'assets/cube.json5'},dimension:'x'},returns:[1,3]},
        {arguments:{data:{$ref:'assets/cube.json5'},dimension:'q'},throws:'DimensionNotAvailable'}]`,
    )
    const lines = await outcomes(folder)
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'FAIL dimension_labels#2',
      '2 passed, 1 failed, 0 skipped',
    ])
  })

  test('notes cases by process', async () => {
    const folder = made('[{arguments:{x:1,y:2},returns:3},{arguments:{x:1,y:2},returns:4}]')
    expect(stateOf(await conformance(folder))).toEqual({ add: { passed: 1, cases: 2 } })
  })

  test('cases have their process, number and precision', () => {
    const [first] = readCases(made('[{arguments:{x:1,y:2},returns:3,delta:0.5}]'))
    expect(first).toMatchObject({ id: 'add#1', process: 'add', delta: 0.5, required: [], returns: { value: 3 } })
  })
})

describe('npm run conformance:openeo', () => {
  const run = (...words: string[]) => {
    const script = join(import.meta.dirname, '../scripts/conformance-openeo.ts')
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' })
    return { status, last: stdout.trim().split('\n').at(-1), stderr }
  }

  test('ends with the sum, and with 1 where a case fails', () => {
    expect(run(made('[{arguments:{x:1,y:2},returns:3}]'))).toMatchObject({
      status: 0,
      last: '1 passed, 0 failed, 0 skipped',
    })
    expect(run(made('[{arguments:{x:1,y:2},returns:4}]'))).toMatchObject({
      status: 1,
      last: '0 passed, 1 failed, 0 skipped',
    })
  })

  test.each<[string, string[], RegExp]>([
    ['no folder', [], /usage: npm run conformance:openeo -- DIR/],
    ['a folder that is not there', ['/no/such/folder'], /there is no folder \/no\/such\/folder/],
    ['a folder without cases', [import.meta.dirname], /no openEO test cases/],
    ['an option that it does not have', ['.', '--fast'], /usage/],
  ])('says what is wrong with %s', (_, words, message) => {
    const { status, stderr } = run(...words)
    expect(status).toBe(2)
    expect(stderr).toMatch(message)
  })

  test('a file that is not JSON5 is named', () => {
    const folder = made('[')
    expect(run(folder)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('add.json5 is not JSON5') as string,
    })
  })
})
