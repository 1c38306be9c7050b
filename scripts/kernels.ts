/**
 * Kernels on bytes: AssemblyScript in `packages/NAME/kernels/*.ts` becomes `packages/NAME/src/kernels/*.wasm.ts`, the
 * WebAssembly in base64. `node scripts/kernels.ts --write` after a change; a test compares. Users never run this.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const options = [
  ...['--runtime', 'stub', '--enable', 'simd', '--importMemory', '--noAssert'],
  ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--converge'],
]

export interface Kernel {
  /** Of the AssemblyScript source. */
  readonly source: string
  /** Of the module with the bytes. */
  readonly target: string
}

/** The kernels of all packages. */
export function kernels(): Kernel[] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const folder = join(root, 'packages', name, 'kernels')
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
      .map((file) => ({
        source: join(folder, file),
        target: join(root, 'packages', name, 'src', 'kernels', `${basename(file, '.ts')}.wasm.ts`),
      }))
  })
}

/** Compiles a kernel; the text of its module. */
export async function compile(kernel: Kernel): Promise<string> {
  const written = new Map<string, Uint8Array>()
  const { error, stderr } = await main([kernel.source, '--outFile', 'kernel.wasm', '--baseDir', '/', ...options], {
    readFile: (path, folder) => {
      const full = join(folder, path)
      return existsSync(full) ? readFileSync(full, 'utf8') : null
    },
    writeFile: (path, contents) => {
      written.set(path, typeof contents === 'string' ? Buffer.from(contents) : contents)
    },
    listFiles: () => [],
  })
  const bytes = written.get('kernel.wasm')
  if (error !== null || bytes === undefined) throw new Error(`${kernel.source}\n${stderr.toString()}`)
  const from = `../../kernels/${basename(kernel.source)}`
  return `/** Made from ${from} by \`node scripts/kernels.ts --write\`. */\nexport const wasm: string =\n  '${Buffer.from(bytes).toString('base64')}'\n`
}

export const published = (kernel: Kernel): string =>
  existsSync(kernel.target) ? readFileSync(kernel.target, 'utf8') : '(not written yet)'

if (process.argv.includes('--write'))
  for (const kernel of kernels()) writeFileSync(kernel.target, await compile(kernel))
