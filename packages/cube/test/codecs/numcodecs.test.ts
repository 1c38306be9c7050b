/** Every file of numcodecs' own fixtures decodes to what numcodecs makes of it, or to the array that was encoded. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseJson } from '../../src/codecs/json.ts'
import { codecOf } from '../../src/codecs/table.ts'
import { dataFolder, hasData } from '../data.ts'

interface Row {
  readonly sha256?: string
  readonly items?: number
  /** What numcodecs said instead. */
  readonly error?: string
}

const root = join(dataFolder, 'numcodecs_fixtures/fixture')
const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../../../oracles/zarr/codecs.json'), 'utf8')) as {
  files: Record<string, Row>
}

/** Files that today's numcodecs cannot decode (its Blosc lost Snappy): there the array that was encoded is the reference. */
const WITHOUT_SNAPPY = 7

const digest = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex').slice(0, 16)

/** The numbers of a `.npy` file as bytes, first axis slowest or fastest as it was stored. */
function arrayBytes(path: string): Uint8Array {
  const data = readFileSync(path)
  return data.subarray(10 + data.readUInt16LE(8))
}

/** Items as the oracle writes them: bytes in hexadecimal, NaN as null, numbers as numpy's type of the file prints them. */
function itemText(items: readonly unknown[]): string {
  const plain = items.map((item) => (item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item))
  const text = JSON.stringify(plain)
  return text.replaceAll(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function decoded(key: string): { bytes?: Uint8Array; items?: unknown[]; stored: unknown } {
  const config = JSON.parse(readFileSync(join(root, dirname(key), 'config.json'), 'utf8')) as { id: string }
  const codec = codecOf(config.id, { ...config }, { dtype: '<f8' }, key)
  const data = new Uint8Array(readFileSync(join(root, key)))
  if (codec.kind === 'bytes') return { bytes: codec.decode(data).slice(), stored: undefined }
  const stored = config.id.startsWith('json') ? parseJson(new TextDecoder().decode(data)) : undefined
  return { items: codec.decodeItems(data), stored }
}

describe.skipIf(!hasData('numcodecs_fixtures'))('numcodecs fixtures', () => {
  const folders = Map.groupBy(Object.entries(golden.files), ([key]) => key.split('/')[0]!)

  test.each([...folders])('%s', (_, rows) => {
    for (const [key, row] of rows) {
      const { bytes, items, stored } = decoded(key)
      const reference = join(root, dirname(dirname(key)), `array.${key.slice(-6, -4)}.npy`)
      if (row.error !== undefined) {
        expect(digest(bytes!), key).toBe(digest(arrayBytes(reference)))
      } else if (bytes !== undefined) {
        expect(digest(bytes), key).toBe(row.sha256)
      } else if (
        row.items !== undefined &&
        !/"[<>|][iufSU]\d+"/.test(JSON.stringify((stored as unknown[] | undefined)?.slice(-2)))
      ) {
        expect(items, key).toHaveLength(row.items)
        expect(digest(itemText(items!)), key).toBe(row.sha256)
      } else {
        // Numbers and fixed strings in JSON: numpy makes an array of them, whose values we have as they stand.
        expect(items, key).toEqual((stored as unknown[]).slice(0, items!.length))
      }
    }
  })

  test('only Snappy needs the arrays as reference', () => {
    const errors = Object.entries(golden.files).filter(([, row]) => row.error !== undefined)
    expect(errors).toHaveLength(WITHOUT_SNAPPY)
    for (const [key] of errors) {
      const config = JSON.parse(readFileSync(join(root, dirname(key), 'config.json'), 'utf8')) as { cname: string }
      expect(config.cname).toBe('snappy')
    }
  })

  test('every encoded file of the fixtures has its golden', () => {
    for (const key of Object.keys(golden.files)) expect(existsSync(join(root, key)), key).toBe(true)
    expect(Object.keys(golden.files).length).toBe(794)
  })
})
