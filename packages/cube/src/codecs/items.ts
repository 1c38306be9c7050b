/** Codecs of objects: strings and byte strings of any length, JSON values. */
import { DamagedData, sound } from './damage.ts'
import { parseJson } from './json.ts'

/** Byte strings of any length: the number of items, then each with its length before it. */
export function decodeVlenBytes(data: Uint8Array): Uint8Array[] {
  sound(data.length >= 4, 'vlen: the number of items is missing')
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  const count = view.getUint32(0, true)
  sound(count * 4 <= data.length - 4, `vlen: ${count} items cannot lie in ${data.length} bytes`)
  const items: Uint8Array[] = []
  let p = 4
  for (let k = 0; k < count; k++) {
    sound(p + 4 <= data.length, `vlen: item ${k} is truncated`)
    const length = view.getUint32(p, true)
    p += 4
    sound(p + length <= data.length, `vlen: item ${k} is truncated`)
    items.push(data.slice(p, p + length))
    p += length
  }
  return items
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

export function decodeVlenUtf8(data: Uint8Array): string[] {
  return decodeVlenBytes(data).map((item) => utf8.decode(item))
}

/**
 * numcodecs' JSON: a list of the items, then the numpy type and the shape (`json2`) or the type alone (`json`). With an
 * empty shape one item stands in place of the list.
 */
export function decodeJsonItems(data: Uint8Array, hasShape: boolean): unknown[] {
  let parsed: unknown
  try {
    parsed = parseJson(utf8.decode(data))
  } catch (cause) {
    throw new DamagedData(`json: ${(cause as Error).message}`, { cause })
  }
  sound(Array.isArray(parsed) && parsed.length > 0, 'json: it is no list of items')
  const shape: unknown = hasShape ? parsed.at(-1) : undefined
  sound(!hasShape || Array.isArray(shape), 'json: the shape is missing')
  if (Array.isArray(shape) && shape.length === 0) return [parsed[0]]
  const items = parsed.slice(0, hasShape ? -2 : -1)
  return Array.isArray(shape) ? items.flat(shape.length - 1) : items
}
