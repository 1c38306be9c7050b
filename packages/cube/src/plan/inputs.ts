/** The files that a cube is read from: what they say of a job, and whether they have changed since it began. */
import { createHash, randomUUID } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { InputError } from '@ecotope/core'
import type { CubeNode } from '../model/node.ts'
import type { GraphContext } from './graph-cube.ts'
import { consumersFirst } from './nodes.ts'
import type { CubeOrigin } from './runner.ts'

/** A file, folder or address that a cube is read from. */
export interface Input {
  readonly format: string
  readonly path: string
  /** undefined where it is not on this machine. */
  readonly state: BigIntStats | undefined
}

const stateOf = (path: string): Promise<BigIntStats | undefined> => stat(path, { bigint: true }).catch(() => undefined)

/** What the sources of a cube read, and the files that its graph names beside them, such as code of UDFs. */
export async function inputsOf(node: CubeNode, origin: CubeOrigin): Promise<Input[]> {
  const files = consumersFirst(node).flatMap((one) => {
    if (one.kind !== 'source') return []
    const { path, format, paths } = one.source.handle
    // A source of many files names all of them.
    const all = Array.isArray(paths) ? (paths as readonly string[]) : [path]
    return all.map((each) => ({ format, path: each }))
  })
  const read = files.map(async (file) => ({ ...file, state: await stateOf(file.path) }))
  return [...(await Promise.all(read)), ...(await namedFiles(origin))]
}

/** What a node that saves names is an output, such as the one that is about to be replaced. */
const isSaving = (value: unknown): boolean => (value as { process_id?: unknown } | null)?.process_id === 'save_result'

async function namedFiles(origin: CubeOrigin): Promise<Input[]> {
  if ('node' in origin) return []
  const { graph, parameters, folder = '.' } = (origin.context ?? {}) as Partial<GraphContext>
  const names = new Set<string>()
  JSON.stringify([graph, parameters], (_, value: unknown) => {
    if (isSaving(value)) return undefined
    if (typeof value === 'string' && value.length < 1024 && /\.\w{1,8}$/.test(value)) names.add(value)
    return value
  })
  const paths = new Set([...names].flatMap((name) => [resolve(folder, name), resolve(join(folder, name))]))
  const files = await Promise.all(
    [...paths].map(async (path) => ({ format: 'file', path, state: await stateOf(path) })),
  )
  return files.filter(({ state }) => state?.isFile() === true)
}

/** What is read is the user's: a result neither takes its place nor lies in it. Throws InputError `OutputIsInput`. */
export async function refuseInput(inputs: readonly Input[], path: string): Promise<void> {
  const out = resolve(path)
  const there = await stateOf(path)
  const found = inputs.find((input) => {
    if (input.state === undefined) return false
    const read = resolve(input.path)
    const isSame = there !== undefined && there.ino === input.state.ino && there.dev === input.state.dev
    return isSame || out.startsWith(`${read}${sep}`) || read.startsWith(`${out}${sep}`)
  })
  if (found === undefined) return
  throw new InputError('OutputIsInput', `${path} would replace ${found.path}, from which it is made, or lie in it`, {
    hint: 'write to another path; replace the input once the result is what you want',
    data: { path, input: found.path },
  })
}

/** What the result depends on: the program and the state of the files that it reads. */
export function jobHash(origin: CubeOrigin, inputs: readonly Input[]): string {
  const hash = createHash('sha256')
  if ('node' in origin) return hash.update(randomUUID()).digest('hex')
  hash.update(JSON.stringify(origin))
  for (const { format, path, state } of inputs)
    hash.update(`${format}\n${path}\n${state?.size ?? ''}\n${state?.mtimeNs ?? ''}\n`)
  return hash.digest('hex')
}

/**
 * Whether an input, or a file within one that is a folder, has changed since an instant (milliseconds since 1970): the
 * state of a folder, which is in the hash, says nothing of chunks that are written anew somewhere below it.
 */
export async function changedSince(inputs: readonly Input[], instantMs: number): Promise<boolean> {
  for (const path of new Set(inputs.map((input) => input.path))) {
    const state = await stateOf(path)
    if (state === undefined) continue
    if (state.isDirectory() ? await folderChanged(path, instantMs) : Number(state.ctimeMs) > instantMs) return true
  }
  return false
}

async function folderChanged(path: string, instantMs: number): Promise<boolean> {
  for await (const entry of await opendir(path, { recursive: true })) {
    const state = await stat(join(entry.parentPath, entry.name)).catch(() => undefined)
    if (state !== undefined && state.ctimeMs > instantMs) return true
  }
  return false
}
