/** Temporary folders: gone with their process however it ends, and those of others stay. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { temporaryFolder as temporary } from '../../src/format/temporary.ts'
import { temporaryFolder } from '../temporary.ts'

const MODULE = new URL('../../src/format/temporary.ts', import.meta.url).href

/** A process that makes such a folder in `place`, prints its name, and ends or waits. */
async function run(place: string, then: 'end' | 'wait'): Promise<{ child: ChildProcess; name: string }> {
  const script = `const { temporaryFolder } = await import('${MODULE}')
    const { writeFileSync } = await import('node:fs')
    const { folder } = await temporaryFolder('test')
    writeFileSync(folder + '/file', 'x')
    console.log(folder)
    ${then === 'wait' ? 'setInterval(() => {}, 1000)' : ''}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, TMPDIR: place },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const [text] = (await once(child.stdout!, 'data')) as [Buffer]
  if (then === 'end') await ended
  return { child, name: basename(String(text).trim()) }
}

afterEach(() => vi.unstubAllEnvs())

test('a process that ends leaves none, a killed one until the next', async () => {
  const place = await temporaryFolder()
  await run(place, 'end')
  expect(await readdir(place)).toEqual([])
  const killed = await run(place, 'wait')
  const alive = await run(place, 'wait')
  const ended = once(killed.child, 'close')
  killed.child.kill('SIGKILL')
  await ended
  // Of another machine, and of another program.
  const others = ['ecotope-test-00000000-999999999-abcdef', 'ecotope-999999999']
  for (const name of others) await mkdir(join(place, name))
  expect(new Set(await readdir(place))).toEqual(new Set([...others, killed.name, alive.name]))
  await run(place, 'end')
  expect(new Set(await readdir(place))).toEqual(new Set([...others, alive.name]))
  alive.child.kill('SIGKILL')
}, 20_000)

test('one that is removed is gone at once; where none can be made, that is said', async () => {
  const { folder, remove } = await temporary('test')
  await remove()
  await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' })
  const place = join(await temporaryFolder(), 'nowhere')
  vi.stubEnv('TMPDIR', place)
  await expect(temporary('test')).rejects.toMatchObject({ tag: 'CannotWrite', data: { path: place, code: 'ENOENT' } })
})
