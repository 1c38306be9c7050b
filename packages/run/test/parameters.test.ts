/** Recipes and their parameters: shapes, defaults, texts from a command line, ranges, slips of the pen. */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explainRecipe, loadRecipe, parseRecipe, resolveParameters, schemaText, wrap } from '../src/index.ts'
import { parseText, problemWith } from '../src/schema.ts'
import { numbersRecipe, recipeJson, temporary } from './fakes.ts'

function caught(work: () => unknown): InputError {
  try {
    work()
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const recipe = numbersRecipe()

describe('loadRecipe', () => {
  it('reads recipe.json of a folder, or a file', async () => {
    const folder = await temporary()
    const file = join(folder, 'recipe.json')
    await writeFile(file, JSON.stringify(recipeJson))
    for (const path of [folder, file]) {
      const loaded = await loadRecipe(path)
      expect(loaded.id).toBe('numbers')
      expect(loaded.directory).toBe(folder)
    }
  })

  it('says where nothing is, and what is no JSON', async () => {
    const folder = await temporary()
    await expect(loadRecipe(join(folder, 'nowhere'))).rejects.toMatchObject({ tag: 'MissingRecipe' })
    await expect(loadRecipe(folder)).rejects.toMatchObject({ tag: 'MissingRecipe' })
    await writeFile(join(folder, 'recipe.json'), '{ "id": ')
    await expect(loadRecipe(folder)).rejects.toMatchObject({ tag: 'BadRecipe' })
  })

  it.each([
    ['not an object', []],
    ['no process_graph', { id: 'a' }],
    ['empty process_graph', { process_graph: {} }],
    ['without process_id', { process_graph: { a: {} } }],
    ['arguments are no object', { process_graph: { a: { process_id: 'x', arguments: [] } } }],
    ['odd name', { process_graph: { 'a b': { process_id: 'x' } } }],
    ['parameters that are no list', { ...recipeJson, parameters: {} }],
    ['without a name', { ...recipeJson, parameters: [{ schema: {} }] }],
    ['no schema', { ...recipeJson, parameters: [{ name: 'a' }] }],
    ['two parameters', { ...recipeJson, parameters: [recipeJson.parameters[1], recipeJson.parameters[1]] }],
    ['bad default', { ...recipeJson, parameters: [{ name: 'a', schema: { type: 'number' }, default: 'x' }] }],
  ])('refuses a recipe: %s', (problem, json) => {
    const error = caught(() => parseRecipe(json, { directory: '.' }))
    expect(error.tag).toBe('BadRecipe')
    expect(error.message).toContain(problem.replace('not an object', 'not a JSON object').replace(/^empty/, 'an empty'))
  })
})

describe('resolveParameters', () => {
  it('fills in defaults and makes file names absolute', () => {
    expect(resolveParameters(recipe, { file: 'a.txt' }, { baseDirectory: '/data' })).toEqual({
      file: resolve('/data/a.txt'),
      factor: 2,
      text: 'sum',
    })
  })

  it('parses texts by type', () => {
    expect(resolveParameters(recipe, { file: 'a', factor: '2.5', text: '7' })).toMatchObject({ factor: 2.5, text: '7' })
  })

  it('refuses what is out of range and says what is allowed', () => {
    const error = caught(() => resolveParameters(recipe, { file: 'a', factor: '11' }))
    expect(error.tag).toBe('BadParameter')
    expect(error.message).toBe('parameter factor: 11 is outside the range 0 to 10')
    expect(error.hint).toBe('factor takes: number, 0 to 10. The default is 2.')
  })

  it('refuses what is of another type', () => {
    const error = caught(() => resolveParameters(recipe, { file: 'a', factor: 'many' }))
    expect(error.message).toBe('parameter factor: "many" is not a number')
  })

  it('suggests the nearest name', () => {
    const error = caught(() => resolveParameters(recipe, { file: 'a', facter: '1' }))
    expect(error.tag).toBe('UnknownParameter')
    expect(error.hint).toContain('Did you mean factor?')
    expect(error.data.nearest).toBe('factor')
  })

  it('names what is missing, unless only a part is asked for', () => {
    expect(caught(() => resolveParameters(recipe, {})).message).toContain('needs: file')
    expect(resolveParameters(recipe, {}, { partial: true })).not.toHaveProperty('file')
  })

  it('gives null for what is optional and not given', () => {
    const optional = numbersRecipe({
      parameters: [{ name: 'crs', description: '', schema: { type: ['string', 'null'] }, optional: true }],
      process_graph: { a: { process_id: 'x' } },
    })
    expect(resolveParameters(optional, {})).toEqual({ crs: null })
  })

  it('makes the files of a list absolute', () => {
    const list = numbersRecipe({
      parameters: [{ name: 'features', schema: { type: 'array', items: { type: 'string', subtype: 'file-path' } } }],
    })
    const { features } = resolveParameters(list, { features: 'a.tif, b/c.tif' }, { baseDirectory: '/data' })
    expect(features).toEqual([resolve('/data/a.tif'), resolve('/data/b/c.tif')])
  })
})

describe('schemas', () => {
  it.each([
    ['3', { type: 'integer' }, 3],
    ['3.5', { type: 'integer' }, undefined],
    ['-1e3', { type: 'number' }, -1000],
    ['0x10', { type: 'number' }, undefined],
    ['yes', { type: 'boolean' }, true],
    ['off', { type: 'boolean' }, false],
    ['maybe', { type: 'boolean' }, undefined],
    ['1,2,3', { type: 'array', items: { type: 'integer' } }, [1, 2, 3]],
    ['[1, 2]', { type: 'array' }, [1, 2]],
    ['1,x', { type: 'array', items: { type: 'integer' } }, undefined],
    ['{"a":1}', { type: 'object' }, { a: 1 }],
    ['{"a"', { type: 'object' }, undefined],
    ['null', { type: ['string', 'null'] }, null],
    ['12', { type: ['string', 'number'] }, 12],
    ['a', {}, 'a'],
  ] as const)('reads %s by %j', (text, schema, value) => {
    expect(parseText(text, schema)).toEqual(value)
  })

  it.each([
    [5, { type: 'integer', minimum: 6 }, '5 is outside the range at least 6'],
    [0, { type: 'number', exclusiveMinimum: 0, maximum: 1 }, '0 is outside the range above 0 and at most 1'],
    [7, { type: 'integer', multipleOf: 8 }, '7 is not a multiple of 8'],
    ['dise', { enum: ['dice', 'focal'] }, '"dise" is not one of "dice", "focal"; did you mean dice?'],
    [[], { type: 'array', minItems: 1 }, 'needs at least 1 item'],
    [[1, 2, 3], { type: 'array', maxItems: 2 }, 'takes at most 2 items'],
    [[1, 'b'], { type: 'array', items: { type: 'number' } }, '"b" is not a number'],
    ['x:1', { type: 'string', pattern: '^\\w+:\\d\\d' }, '"x:1" does not have the form ^\\w+:\\d\\d'],
    ['', { type: 'string', minLength: 1 }, 'is empty'],
    [Number.NaN, { type: 'number' }, 'null is not a number'],
    [{}, [{ type: 'string' }, { type: 'number' }], '{} is not text'],
  ] as const)('finds what is wrong with %j', (value, schema, problem) => {
    expect(problemWith(value, schema)).toBe(problem)
  })

  it('accepts what its alternatives accept', () => {
    expect(problemWith(1, [{ type: 'string' }, { type: 'number' }])).toBeUndefined()
  })

  it('accepts exactly the integers of a range', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer(), (value, a, b) => {
        const schema = { type: 'integer', minimum: Math.min(a, b), maximum: Math.max(a, b) } as const
        const inside = value >= schema.minimum && value <= schema.maximum
        expect(problemWith(value, schema) === undefined).toBe(inside)
        expect(parseText(String(value), schema)).toBe(value)
      }),
    )
  })

  it('says what is allowed', () => {
    expect(schemaText({ type: 'integer', minimum: 1, maximum: 9 })).toBe('whole number, 1 to 9')
    expect(schemaText({ type: 'array', items: { type: 'string', subtype: 'file-path' } })).toBe('list of files')
    expect(schemaText({ enum: ['a', 'b'] })).toBe('one of a, b')
  })
})

describe('explainRecipe', () => {
  it('shows every parameter with range, default and when to change it', () => {
    const text = explainRecipe(recipe)
    expect(text).toContain('Scales and adds numbers')
    expect(text).toContain('factor  (number, 0 to 10; default 2)')
    expect(text).toContain('Raise it when: the sum is too small')
    expect(text).toContain('file  (file; required)')
    expect(text.indexOf('Arithmetic')).toBeLessThan(text.indexOf('Words'))
  })

  it('keeps to the width', () => {
    for (const line of wrap('a bc def '.repeat(30), 20)) expect(line.length).toBeLessThanOrEqual(20)
    expect(wrap('', 10)).toEqual([])
  })
})
