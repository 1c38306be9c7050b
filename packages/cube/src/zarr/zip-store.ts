/** A Zarr hierarchy in a zip file: the directory at the file's end is read, then each member by its place. */
import { inflateRawSync } from 'node:zlib'
import { InputError } from '@ecotope/core'
import { crc32Of } from '../codecs/engine.ts'
import type { ByteSource } from '../geotiff/source.ts'
import type { Store } from './store.ts'

interface Member {
  readonly method: number
  readonly stored: number
  readonly size: number
  readonly crc: number
  readonly offset: number
}

const END = 0x06054b50
const END64 = 0x06064b50
const ENTRY = 0x02014b50
const LOCAL = 0x04034b50
/** The end record with the longest comment. */
const TAIL_BYTES = 22 + 65535
/** Fields of 32 bits that say: see the 64-bit ones. */
const SEE_64 = 0xffffffff

const damaged = (path: string, what: string): InputError =>
  new InputError('DamagedZip', `${path} is damaged: ${what}`, {
    hint: 'the file was not copied or downloaded completely; get it again',
    data: { path },
  })

/** Closes the source where it is no zip file. Throws InputError `DamagedZip`. */
export async function openZip(source: ByteSource): Promise<Store> {
  const members = await directory(source).catch(async (error: unknown) => {
    await source.close()
    throw error
  })
  const at = new Map<string, Promise<number>>()
  const place = (key: string, member: Member): Promise<number> => {
    const known = at.get(key) ?? dataOffset(source, member)
    at.set(key, known)
    return known
  }
  const read = async (key: string): Promise<Uint8Array | undefined> => {
    const member = members.get(key)
    if (member === undefined) return undefined
    const bytes = await source.read(await place(key, member), member.stored, key)
    return plain(source.path, key, member, bytes)
  }
  return {
    path: source.path,
    isRemote: /^https?:/i.test(source.path),
    get: read,
    getPart: async (key, offset, length) => {
      const member = members.get(key)
      if (member === undefined) return undefined
      const from = offset < 0 ? Math.max(0, member.size + offset) : Math.min(offset, member.size)
      const count = Math.min(length, member.size - from)
      if (member.method !== 0) return (await read(key))?.subarray(from, from + count)
      return source.read((await place(key, member)) + from, count, key)
    },
    list: (prefix) => Promise.resolve(childrenOf(members, prefix)),
    close: () => source.close(),
  }
}

function childrenOf(members: ReadonlyMap<string, Member>, prefix: string): string[] {
  const start = prefix === '' ? '' : `${prefix}/`
  const names = new Set<string>()
  for (const key of members.keys()) {
    if (key.startsWith(start)) names.add(key.slice(start.length).split('/')[0]!)
  }
  return [...names].sort(byCode)
}

function plain(path: string, key: string, member: Member, bytes: Uint8Array): Uint8Array {
  if (member.method !== 0 && member.method !== 8)
    throw damaged(path, `${key} is compressed in a way that zip readers lack`)
  let made: Uint8Array
  try {
    made =
      member.method === 0 ? bytes : new Uint8Array(inflateRawSync(bytes, { maxOutputLength: Math.max(1, member.size) }))
  } catch (cause) {
    throw damaged(path, `${key} cannot be inflated (${(cause as Error).message})`)
  }
  if (made.length !== member.size || crc32Of(made) !== member.crc)
    throw damaged(path, `the checksum of ${key} does not match`)
  return made
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
const large = (view: DataView, at: number): number => Number(view.getBigUint64(at, true))

async function dataOffset(source: ByteSource, member: Member): Promise<number> {
  const view = viewOf(await source.read(member.offset, 30, 'the header of a member'))
  if (view.getUint32(0, true) !== LOCAL) throw damaged(source.path, 'a member is not where the directory says')
  return member.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true)
}

async function directory(source: ByteSource): Promise<Map<string, Member>> {
  const length = Math.min(source.size, TAIL_BYTES)
  const tail = await source.read(source.size - length, length, 'the end of the zip file')
  const view = viewOf(tail)
  let end = length - 22
  while (end >= 0 && view.getUint32(end, true) !== END) end--
  if (end < 0) throw damaged(source.path, 'it does not end with a zip directory')
  let [size, offset] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)]
  if (offset === SEE_64 || size === SEE_64) {
    if (end < 20) throw damaged(source.path, 'the place of the 64-bit directory is missing')
    const record = viewOf(await source.read(large(view, end - 12), 56, 'the end of the zip file'))
    if (record.getUint32(0, true) !== END64)
      throw damaged(source.path, 'the 64-bit directory is not where it should be')
    size = large(record, 40)
    offset = large(record, 48)
  }
  return membersOf(source.path, await source.read(offset, size, 'the zip directory'))
}

function membersOf(path: string, bytes: Uint8Array): Map<string, Member> {
  const view = viewOf(bytes)
  const members = new Map<string, Member>()
  const text = new TextDecoder()
  for (let p = 0; p + 46 <= bytes.length; ) {
    if (view.getUint32(p, true) !== ENTRY) throw damaged(path, 'an entry of the directory is damaged')
    const [name, extra, comment] = [
      view.getUint16(p + 28, true),
      view.getUint16(p + 30, true),
      view.getUint16(p + 32, true),
    ]
    const key = text.decode(bytes.subarray(p + 46, p + 46 + name))
    const [stored, size, offset] = sizes64(view, p, p + 46 + name, extra)
    if (!key.endsWith('/')) {
      members.set(key, {
        method: view.getUint16(p + 10, true),
        stored,
        size,
        crc: view.getUint32(p + 16, true),
        offset,
      })
    }
    p += 46 + name + extra + comment
  }
  return members
}

/** Stored bytes, size and offset; where they exceed 32 bits, from the extra field, which has them in this order. */
function sizes64(view: DataView, entry: number, extra: number, length: number): [number, number, number] {
  const size = view.getUint32(entry + 24, true)
  const stored = view.getUint32(entry + 20, true)
  const offset = view.getUint32(entry + 42, true)
  if (size !== SEE_64 && stored !== SEE_64 && offset !== SEE_64) return [stored, size, offset]
  for (let p = extra; p + 4 <= extra + length; p += 4 + view.getUint16(p + 2, true)) {
    if (view.getUint16(p, true) !== 1) continue
    let at = p + 4
    const next = (value: number): number => {
      if (value !== SEE_64) return value
      at += 8
      return large(view, at - 8)
    }
    const real = next(size)
    return [next(stored), real, next(offset)]
  }
  return [stored, size, offset]
}

const byCode = (a: string, b: string): number => (a < b ? -1 : 1)
