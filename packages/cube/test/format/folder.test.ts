import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeFolder } from '../../src/format/folder.ts'
import { sinkFor } from '../../src/format/formats.ts'
import { FLOAT64 } from '../../src/model/block.ts'
import { memorySource } from '../../src/model/memory.ts'
import { saveCube } from '../../src/plan/save.ts'
import { schemaOf } from '../plan/fakes.ts'
import { temporaryFolder } from '../temporary.ts'

describe('folders of outputs', () => {
  test('are made with those above them, and left as they are', async () => {
    const path = join(await temporaryFolder(), 'a', 'b')
    await makeFolder(path)
    await makeFolder(path)
    await Promise.all([makeFolder(join(path, 'c', 'd')), makeFolder(join(path, 'c', 'd'))])
    expect(statSync(join(path, 'c', 'd')).isDirectory()).toBe(true)
  })

  test('below a file are refused by the system', async () => {
    const file = join(await temporaryFolder(), 'file')
    writeFileSync(file, '')
    await expect(makeFolder(join(file, 'a', 'b'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' })
  })

  test.skipIf(!existsSync('/proc/self'))('where none can be made are refused at once', async () => {
    await expect(makeFolder('/proc/ecotope/a')).rejects.toMatchObject({
      tag: 'CannotWrite',
      hint: 'choose another folder',
    })
    const cube = memorySource(new Float64Array(4), schemaOf({ y: 2, x: 2 }, FLOAT64))
    for (const path of ['/proc/ecotope/out.zarr', '/proc/out.zarr', '/proc/ecotope/out.npy', '/proc/ecotope/out.nc'])
      await expect(saveCube(cube, path, { sink: sinkFor(path) })).rejects.toMatchObject({ tag: 'CannotWrite' })
  })
})
