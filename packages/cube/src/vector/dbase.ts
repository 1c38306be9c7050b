/** The attribute table of a shapefile (dBASE III and its kin). Bytes to records only. */
import { InputError } from '@ecotope/core'

interface Field {
  readonly name: string
  readonly type: string
  readonly offset: number
  readonly length: number
}

/** Encodings by the language driver byte, where no `.cpg` file says more. */
const DRIVERS: Readonly<Record<number, string>> = {
  3: 'windows-1252',
  87: 'windows-1252',
  38: 'ibm866',
  101: 'ibm866',
  77: 'gbk',
  78: 'euc-kr',
  79: 'big5',
  123: 'shift_jis',
  122: 'gbk',
  200: 'windows-1250',
  201: 'windows-1251',
  202: 'windows-1254',
  203: 'windows-1253',
}

/** A decoder for what a `.cpg` file names: `UTF-8`, `1252`, `ISO-8859-1`, `ANSI 1251`; Latin 1 where nothing is known. */
function decoderFor(name: string | undefined, driver: number): TextDecoder {
  const plain = name?.trim().toLowerCase() ?? ''
  const number = /(?:^|cp|ansi ?|windows-?)(\d{3,5})$/.exec(plain)?.[1]
  const candidates = [
    number === '65001' ? 'utf-8' : number === undefined ? plain : /^125\d$/.test(number) ? `windows-${number}` : plain,
    /^(?:iso[ -]?)?8859[-_ ]?(\d+)$/.exec(plain)?.[1] === undefined
      ? ''
      : plain.replace(/^(?:iso[ -]?)?8859[-_ ]?/, 'iso-8859-'),
    DRIVERS[driver] ?? '',
    'windows-1252',
  ]
  for (const candidate of candidates.filter((one) => one !== '')) {
    try {
      return new TextDecoder(candidate)
    } catch {
      // The platform does not know this name; the next one may do.
    }
  }
  return new TextDecoder('latin1')
}

/** Rows of the table, undefined where a row is deleted. Throws InputError `InvalidShapefile`. */
export function parseDbase(
  bytes: Uint8Array,
  encoding: string | undefined,
  path: string,
): (Readonly<Record<string, unknown>> | undefined)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 33) throw invalid(path)
  const count = view.getUint32(4, true)
  const start = view.getUint16(8, true)
  const size = view.getUint16(10, true)
  if (size === 0 || start + count * size > bytes.length + 1) throw invalid(path)
  const decoder = decoderFor(encoding, bytes[29]!)
  const fields = fieldsOf(bytes, start, decoder)
  return Array.from({ length: count }, (_, row) => {
    const at = start + row * size
    if (bytes[at] === 0x2a) return undefined
    const entries = fields.map((field) => {
      const cell = bytes.subarray(at + field.offset, at + field.offset + field.length)
      return [field.name, cellValue(cell, field.type, decoder)] as const
    })
    return Object.fromEntries(entries)
  })
}

function fieldsOf(bytes: Uint8Array, end: number, decoder: TextDecoder): Field[] {
  const fields: Field[] = []
  let offset = 1
  for (let at = 32; at + 32 <= end && bytes[at] !== 0x0d; at += 32) {
    const name = decoder.decode(bytes.subarray(at, at + 11)).replace(/\0.*$/s, '')
    const length = bytes[at + 16]!
    fields.push({ name, type: String.fromCharCode(bytes[at + 11]!), offset, length })
    offset += length
  }
  return fields
}

function cellValue(cell: Uint8Array, type: string, decoder: TextDecoder): unknown {
  const view = new DataView(cell.buffer, cell.byteOffset, cell.byteLength)
  if (type === 'I' && cell.length === 4) return view.getInt32(0, true)
  if ((type === 'O' || type === 'B') && cell.length === 8) return view.getFloat64(0, true)
  const text = decoder.decode(cell).replace(/\0/g, '').trimEnd()
  const trimmed = text.trim()
  switch (type) {
    case 'N':
    case 'F':
      // Asterisks stand for a number that did not fit, and for none.
      return trimmed === '' || /^\*+$/.test(trimmed) || Number.isNaN(Number(trimmed)) ? null : Number(trimmed)
    case 'L':
      return /^[ty]$/i.test(trimmed) ? true : /^[fn]$/i.test(trimmed) ? false : null
    case 'D':
      return /^\d{8}$/.test(trimmed) && trimmed !== '00000000'
        ? `${trimmed.slice(0, 4)}-${trimmed.slice(4, 6)}-${trimmed.slice(6)}`
        : null
    default:
      return text === '' ? null : text
  }
}

const invalid = (path: string): InputError =>
  new InputError('InvalidShapefile', `the table beside ${path} (.dbf) is cut off or damaged`, {
    hint: 'copy all files of the shapefile again',
    data: { path },
  })
