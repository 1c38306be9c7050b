/** Lineage as PROV-JSON: complete, referentially sound, and readable again. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  explainLineage,
  hashFile,
  lineage,
  type ProvDocument,
  type Run,
  resolveParameters,
  runRecipe,
} from '../src/index.ts'
import { counted, numbersRecipe, temporary } from './fakes.ts'

let folder: string
let done: Run
let document: ProvDocument

beforeEach(async () => {
  folder = await temporary()
  const file = join(folder, 'numbers.txt')
  await writeFile(file, '1 2 3')
  const recipe = numbersRecipe()
  const options = { processes: counted().processes, store: join(folder, 'store'), seed: 7 }
  done = await runRecipe(recipe, resolveParameters(recipe, { file }), options)
  await mkdir(join(folder, 'out', 'model'), { recursive: true })
  await writeFile(join(folder, 'out', 'sum.txt'), '12')
  await writeFile(join(folder, 'out', 'model', 'model.onnx'), 'x')
  document = await lineage(done, {
    directory: join(folder, 'out'),
    outputs: [
      { path: join(folder, 'out', 'sum.txt'), node: 'report' },
      { path: join(folder, 'out', 'model'), node: 'scale' },
    ],
    command: 'ecotope run numbers',
  })
  await writeFile(join(folder, 'out', 'lineage.json'), JSON.stringify(document))
})

describe('lineage', () => {
  it('names every file by its content', async () => {
    const files = Object.values(document.entity).filter((entity) => entity['prov:location'] !== undefined)
    const input = files.find((entity) => entity['prov:label'] === 'numbers.txt')!
    expect(input['eco:sha256']).toBe(await hashFile(join(folder, 'numbers.txt')))
    const output = document.entity['eco:output/sum.txt']!
    expect(output['eco:sha256']).toBe(await hashFile(join(folder, 'out', 'sum.txt')))
  })

  it('notes parameters, seed and command', () => {
    expect(document.entity['eco:recipe']).toMatchObject({
      'eco:seed': 7,
      'eco:command': 'ecotope run numbers',
    })
    expect(JSON.parse(String(document.entity['eco:recipe']!['eco:parameters']))).toMatchObject({
      factor: 2,
      text: 'sum',
    })
  })

  it('refers only to what it has', () => {
    const { entity, activity, agent } = document
    const has: Record<string, object> = {
      'prov:entity': entity,
      'prov:generatedEntity': entity,
      'prov:usedEntity': entity,
      'prov:plan': entity,
      'prov:activity': activity,
      'prov:agent': agent,
    }
    const relations = [document.used, document.wasGeneratedBy, document.wasDerivedFrom, document.wasAssociatedWith]
    for (const relation of relations.flatMap((one) => Object.values(one)))
      for (const [role, id] of Object.entries(relation)) expect(has[role], role).toHaveProperty([String(id)])
    expect(Object.keys(activity)).toHaveLength(4)
    expect(Object.values(document.used)).toHaveLength(4)
  })

  it('has only values that PROV-JSON allows', () => {
    const { prefix: _, ...kinds } = document
    for (const record of Object.values(kinds).flatMap((kind) => Object.values(kind)))
      for (const value of Object.values(record))
        if (typeof value === 'object')
          expect(value).toEqual({ $: expect.any(String) as string, type: 'prov:QUALIFIED_NAME' })
        else expect(['string', 'number', 'boolean']).toContain(typeof value)
  })

  it('uses prefixes that it declares', () => {
    const { prefix, ...records } = document
    const text = JSON.stringify(records)
    const used = new Set([...text.matchAll(/"(\w+):[\w/-]+":/g)].map((match) => match[1]))
    // `_:` is a blank node.
    used.delete('_')
    for (const one of used) expect(Object.keys(prefix)).toContain(one)
  })

  it('has the time at which a step really ran, reused or not', async () => {
    const options = { processes: counted().processes, store: join(folder, 'store'), seed: 7 }
    const again = await runRecipe(done.recipe, done.parameters, options)
    expect((await lineage(again)).activity).toEqual((await lineage(done)).activity)
  })
})

describe('explainLineage', () => {
  it('tells the whole story of one result', async () => {
    const text = await explainLineage(join(folder, 'out', 'sum.txt'))
    expect(text).toContain('unchanged since')
    expect(text).toContain('Recipe numbers, seed 7')
    expect(text).toContain('scale from read: scale 1.0.0')
    expect(text).toContain('numbers.txt (sha256')
    expect(text).toContain('factor = 2')
    expect(text).toContain('Repeat it with: ecotope run numbers')
    expect(text.indexOf('report from')).toBeLessThan(text.indexOf('read from'))
  })

  it('leaves out what a result does not depend on', async () => {
    const text = await explainLineage(join(folder, 'out', 'model', 'model.onnx'))
    expect(text).toContain('scale from read')
    expect(text).not.toContain('report from')
  })

  it('reads the folder and the lineage file as a whole', async () => {
    for (const path of [join(folder, 'out'), join(folder, 'out', 'lineage.json')])
      expect(await explainLineage(path)).toContain('report from')
  })

  it('sees that a file has been changed', async () => {
    await writeFile(join(folder, 'out', 'sum.txt'), '13')
    expect(await explainLineage(join(folder, 'out', 'sum.txt'))).toContain('CHANGED')
  })

  it.each([
    ['out/none.txt', 'MissingFile'],
    ['numbers.txt', 'NoLineage'],
  ])('%s: %s', async (path, tag) => {
    await expect(explainLineage(join(folder, path))).rejects.toMatchObject({ tag })
  })

  it('names the listed results where a file is not one', async () => {
    await writeFile(join(folder, 'out', 'sun.txt'), '')
    await expect(explainLineage(join(folder, 'out', 'sun.txt'))).rejects.toMatchObject({
      tag: 'NotInLineage',
      hint: 'Did you mean sum.txt?',
    })
  })

  it('refuses a lineage file that is none', async () => {
    await writeFile(join(folder, 'out', 'lineage.json'), '[]')
    await expect(explainLineage(join(folder, 'out'))).rejects.toMatchObject({ tag: 'BadLineage' })
  })
})
