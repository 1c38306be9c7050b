import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSpool } from '../../src/segmentation/spool.ts'

test('what is appended row by row is read back by windows, and the file goes away', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spool-'))
  const [layers, width] = [3, 7]
  const value = (layer: number, row: number, column: number): number => layer * 1000 + row * 10 + column
  const spool = await openSpool(join(folder, 'x'), layers, width)
  for (const [first, rows] of [
    [0, 2],
    [2, 3],
  ] as const) {
    const block = new Float32Array(layers * rows * width)
    for (let l = 0; l < layers; l++)
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < width; c++) block[(l * rows + r) * width + c] = value(l, first + r, c)
    await spool.append(rows, block)
  }
  const window = { row: 1, column: 4, width: 5, height: 6 }
  const out = await spool.read(window, [2, 0])
  for (const [i, layer] of [2, 0].entries())
    for (let r = 0; r < 6; r++)
      for (let c = 0; c < 5; c++) {
        const inside = r + 1 < 5 && c + 4 < width
        const expected = inside ? value(layer, r + 1, c + 4) : Number.NaN
        expect(out[(i * 6 + r) * 5 + c]).toBe(expected)
      }
  await spool.close()
  expect(await readdir(folder)).toEqual([])
  await rm(folder, { recursive: true })
})
