/** Outputs of causal runs: written whole or not at all, and never over an input. */
import { stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { InputError } from '@ecotope/core'
import { writeAside } from '@ecotope/cube'
import { makeFolder } from '../surroundings.ts'

/** By inode where there is a file, so that links and other spellings of a path are seen through. */
async function identity(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  return found === undefined ? resolve(path) : `${found.dev}:${found.ino}`
}

/** Throws `InputError` OutputIsInput where an output would replace a file that is read. */
export async function checkNotInput(
  outputs: readonly (string | undefined)[],
  inputs: readonly (string | undefined)[],
): Promise<void> {
  const read = new Set(await Promise.all(inputs.filter((path) => path !== undefined).map(identity)))
  for (const path of outputs)
    if (path !== undefined && read.has(await identity(path)))
      throw new InputError('OutputIsInput', `${path} is an input of this run; it would be overwritten`, {
        hint: 'Choose another name for the output.',
        data: { path },
      })
}

export async function writeFileAside(path: string, content: string | Uint8Array): Promise<void> {
  await makeFolder(dirname(path))
  await writeAside(path, (file) => writeFile(file, content))
}
