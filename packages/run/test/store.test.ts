/** The store: finished or not there at all, damage found, one writer. And hashes of files. */
import { createHash } from 'node:crypto'
import { chmod, cp, mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError } from '@ecotope/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hashFile, inWords, openHasher, openStore, type Store } from '../src/index.ts'
import { temporary } from './fakes.ts'

const address = 'ab'.repeat(32)
const record = {
  address,
  process: 'p',
  version: '1',
  value: { a: 1 },
  seconds: 1,
  startedAt: '2020-01-01T00:00:00.000Z',
  endedAt: '2020-01-01T00:00:01.000Z',
  warnings: [],
}

async function opened(path: string): Promise<Store> {
  const store = await openStore(path)
  onTestFinished(() => store.close())
  return store
}

async function withStep(): Promise<{ store: Store; directory: string }> {
  const store = await opened(await temporary())
  const { directory } = await store.begin(address)
  await mkdir(join(directory, 'deep'))
  await writeFile(join(directory, 'deep', 'data.bin'), 'abc')
  await store.finish(record)
  return { store, directory: (await store.find(address))!.directory }
}

describe('store', () => {
  it('has a step only after it is finished', async () => {
    const store = await opened(await temporary())
    expect(await store.find(address)).toBeUndefined()
    const first = await store.begin(address)
    expect(first.resumed).toBe(false)
    await writeFile(join(first.directory, 'data'), 'abc')
    expect(await store.find(address)).toBeUndefined()
    expect(await store.begin(address)).toEqual({ directory: first.directory, resumed: true })
    const done = await store.finish(record)
    expect(await store.find(address)).toEqual(done)
    expect(done.files.map(({ path, bytes }) => [path, bytes])).toEqual([['data', 3]])
    expect(done.files[0]!.sha256).toBe(createHash('sha256').update('abc').digest('hex'))
    expect(await store.list()).toEqual([address])
    expect(await readdir(join(store.path, 'partial'))).toEqual([])
  })

  it('forgets what is discarded', async () => {
    const { store } = await withStep()
    await store.discard(address)
    expect(await store.find(address)).toBeUndefined()
    expect(await store.list()).toEqual([])
  })

  it.each<[string, (directory: string) => Promise<unknown>]>([
    ['data.bin is missing', (directory) => rm(join(directory, 'deep/data.bin'))],
    ['has 4 bytes instead of 3', (directory) => writeFile(join(directory, 'deep/data.bin'), 'abcd')],
    ['has been changed', (directory) => writeFile(join(directory, 'deep/data.bin'), 'abd')],
    ['result.json is missing', (directory) => rm(join(directory, 'result.json'))],
    ['result.json cannot be read', (directory) => writeFile(join(directory, 'result.json'), '{"address":')],
    ['belongs to another step', (directory) => writeFile(join(directory, 'result.json'), '{"address":"x","files":[]}')],
  ])('finds damage: %s', async (problem, damage) => {
    const { store, directory } = await withStep()
    await damage(directory)
    await utimes(join(directory, 'deep/data.bin'), 1, 1).catch(() => {})
    await expect(store.find(address)).rejects.toMatchObject({
      tag: 'StepDamaged',
      message: expect.stringContaining(problem) as string,
    })
  })

  it('accepts a store that was copied', async () => {
    const { store } = await withStep()
    const copy = join(await temporary(), 'copy')
    await cp(join(store.path, 'steps'), join(copy, 'steps'), { recursive: true })
    const other = await opened(copy)
    expect((await other.find(address))?.value).toEqual({ a: 1 })
  })

  it('lets one run write at a time, and any number read', async () => {
    const path = await temporary()
    const first = await openStore(path)
    await expect(openStore(path)).rejects.toMatchObject({ tag: 'StoreBusy' })
    await expect(openStore(path)).rejects.toBeInstanceOf(EnvironmentError)
    await openStore(path, { readOnly: true })
    first.close()
    ;(await openStore(path)).close()
  })

  it('makes nothing when it is opened for reading', async () => {
    const path = join(await temporary(), 'none')
    const store = await openStore(path, { readOnly: true })
    expect(await store.list()).toEqual([])
    await expect(stat(path)).rejects.toThrow()
  })

  it('says that a place is not writable', async () => {
    const folder = await temporary()
    await writeFile(join(folder, 'file'), '')
    await expect(openStore(join(folder, 'file', 'store'))).rejects.toMatchObject({ tag: 'NotWritable' })
    await expect(openStore('/proc/ecotope-store')).rejects.toBeInstanceOf(EnvironmentError)
    if (process.getuid?.() === 0) return
    await chmod(folder, 0o500)
    await expect(openStore(join(folder, 'store'))).rejects.toMatchObject({ tag: 'NotWritable' })
  })
})

describe('inWords', () => {
  it.each([
    ['ENOSPC', 'DiskFull'],
    ['EDQUOT', 'DiskFull'],
    ['EACCES', 'NotWritable'],
    ['EROFS', 'NotWritable'],
    ['EIO', 'DiskFailed'],
  ])('%s is %s', (code, tag) => {
    const error = inWords(Object.assign(new Error('x'), { code, path: '/a' }))
    expect(error).toBeInstanceOf(EnvironmentError)
    expect(error).toMatchObject({ tag, data: { code, path: '/a' } })
  })

  it('leaves other errors alone', () => {
    const error = new TypeError('x')
    expect(inWords(error)).toBe(error)
    expect(inWords('x')).toBe('x')
  })
})

describe('hashes', () => {
  it('streams a file', async () => {
    const path = join(await temporary(), 'large')
    const bytes = Buffer.alloc(3 * 2 ** 20 + 7, 'ecotope')
    await writeFile(path, bytes)
    expect(await hashFile(path)).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  it('says which file is missing', async () => {
    await expect((await openHasher()).hash('/nowhere/a.tif')).rejects.toMatchObject({
      tag: 'MissingFile',
      message: '/nowhere/a.tif does not exist',
    })
  })

  it('remembers settled files and sees changes', async () => {
    const folder = await temporary()
    const memory = join(folder, 'hashes.json')
    const path = join(folder, 'data')
    await writeFile(path, 'one')
    const old = new Date(Date.now() - 3_600_000)
    await utimes(path, old, old)
    const first = await openHasher(memory)
    const { sha256 } = await first.hash(path)
    await first.save()
    expect((await (await openHasher(memory)).hash(path)).sha256).toBe(sha256)
    await writeFile(path, 'two')
    expect((await (await openHasher(memory)).hash(path)).sha256).not.toBe(sha256)
  })

  it('survives a damaged memory', async () => {
    const folder = await temporary()
    await writeFile(join(folder, 'hashes.json'), '{')
    await writeFile(join(folder, 'data'), 'one')
    const hasher = await openHasher(join(folder, 'hashes.json'))
    expect((await hasher.hash(join(folder, 'data'))).bytes).toBe(3)
  })

  it('hashes a folder by names and contents', async () => {
    const [a, b] = [await temporary(), await temporary()]
    for (const folder of [a, b]) {
      await mkdir(join(folder, 'deep'))
      await writeFile(join(folder, 'deep', 'x'), 'one')
    }
    const hasher = await openHasher()
    const before = await hasher.hash(a)
    expect((await hasher.hash(b)).sha256).toBe(before.sha256)
    await writeFile(join(b, 'deep', 'y'), 'one')
    expect((await hasher.hash(b)).sha256).not.toBe(before.sha256)
  })
})
