/** The program as a process: entry point, exit codes, pipes, signals, a full disk. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writePlainTiff } from '../../run/test/tiff.ts'

const start = fileURLToPath(new URL('../bin/ecotope.mjs', import.meta.url))
const slow = fileURLToPath(new URL('slow.ts', import.meta.url))

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecotope-process-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let [out, err] = ['', '']
  child.stdout!.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr!.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

const program = (...args: string[]) => ended(spawn(process.execPath, [start, ...args], { cwd: folder }))

describe('ecotope', () => {
  it('answers and exits with 0', async () => {
    expect(await program('--version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
      err: '',
    })
  })

  it('exits with 2 and no stack trace for what is no TIFF', async () => {
    await writeFile(join(folder, 'a.tif'), 'no TIFF at all')
    const { code, out, err } = await program('inspect', 'a.tif')
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toMatch(/^error: .*a\.tif/)
    expect(err).not.toContain('    at ')
  })

  it('exits with 2 for a TIFF that ends too early', async () => {
    const path = join(folder, 'a.tif')
    await writePlainTiff(path, { width: 100, height: 100, bands: [new Array<number>(10000).fill(1)] })
    const whole = await readFile(path)
    for (const bytes of [6, 5000, whole.length - 20]) {
      await writeFile(path, whole.subarray(0, bytes))
      const { code, err } = await program('inspect', 'a.tif')
      expect(code, err).toBe(2)
      expect(err).toMatch(/^error: .*a\.tif/)
    }
  })

  it('does not mind a reader that stops reading', async () => {
    const child = spawn(process.execPath, [start, 'run', '--help'], { cwd: folder })
    child.stdout.destroy()
    const [code] = (await once(child, 'close')) as [number | null]
    expect(code).toBe(0)
  })
})

/** Starts the slow program and waits until it works. */
async function working(...more: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [slow, folder, ...more], { cwd: folder })
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('work')) resolve()
    })
  })
  return child
}

describe('Ctrl-C', () => {
  it('stops cleanly, says how to go on, and goes on', async () => {
    const child = await working()
    child.kill('SIGINT')
    const { code, err } = await ended(child)
    expect(code).toBe(130)
    expect(err).toContain('Stopping cleanly')
    expect(err).toContain('hint: The same command goes on')
    const again = await ended(spawn(process.execPath, [slow, folder, 'quick'], { cwd: folder }))
    expect(again.code).toBe(0)
    expect(again.err).toContain('work: going on where it stopped')
  })

  it('stops at once when asked twice', async () => {
    const child = await working('deaf')
    child.kill('SIGINT')
    const stopping = new Promise<void>((resolve) => {
      child.stderr!.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('Stopping')) resolve()
      })
    })
    await stopping
    child.kill('SIGINT')
    const [code] = (await once(child, 'close')) as [number | null]
    expect(code).toBe(130)
  })
})
