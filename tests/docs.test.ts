/**
 * Executes the documentation. Every `ts` example of README.md, docs/ and recipes/ runs as a module and has to end well;
 * every `npx ecotope` command of their `sh` examples has to exit with 0, unless the fence says `sh skip`. In `sh quick`
 * runs are cut down to seconds. The examples of one page share a temporary folder with a small scene: dem.tif,
 * rapideye.tif, scars.geojson, reference.tif, resnet.onnx (a small network exported from PyTorch), s2/ and
 * fields.geojson (a small cube), climate.csv, a.csv, b.csv, c.csv and elevation.csv (made-up series), and with recipes/.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ecotopeCommands, type Fence, fences } from './fences.ts'
import { quickParameters, writeDocsCube, writeDocsScene, writeDocsSeries } from './scene.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
// Inside the repository, so that examples resolve @ecotope/* as a user's project does.
const work = join(root, '.ecotope', `docs-${process.pid}`)
const scene = join(work, 'scene')
const main = join(root, 'packages', 'cli', 'src', 'main.ts')

function pages(): string[] {
  const below = ['docs', 'recipes'].flatMap((folder) => {
    const start = join(root, folder)
    if (!existsSync(start)) return []
    return readdirSync(start, { recursive: true, encoding: 'utf8' }).map((path) => join(start, path))
  })
  return [join(root, 'README.md'), ...below]
    .filter((path) => path.endsWith('.md') && existsSync(path))
    .sort((a, b) => a.localeCompare(b, 'en'))
}

function run(args: readonly string[], cwd: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { cwd })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

function folderOf(page: string): string {
  const folder = join(work, relative(root, page).replace(/[^\w-]+/g, '_'))
  if (!existsSync(folder)) {
    cpSync(scene, folder, { recursive: true })
    if (existsSync(join(root, 'recipes'))) cpSync(join(root, 'recipes'), join(folder, 'recipes'), { recursive: true })
  }
  return folder
}

function isRun(fence: Fence): boolean {
  if (fence.flags.includes('skip')) return false
  if (fence.language === 'ts') return true
  return fence.language === 'sh' && ecotopeCommands(fence.text).length > 0
}

async function execute(fence: Fence, page: string): Promise<void> {
  const folder = folderOf(page)
  if (fence.language === 'sh') {
    for (const args of ecotopeCommands(fence.text)) {
      const cut = args[0] === 'run' && fence.flags.includes('quick') ? quickParameters : []
      const { code, output } = await run([main, ...args, ...cut], folder)
      expect(code, `npx ecotope ${args.join(' ')}\n${output}`).toBe(0)
    }
    return
  }
  const path = join(folder, `${basename(page, '.md')}-${fence.line}.ts`)
  writeFileSync(path, `${fence.text}\nexport {}\n`)
  const { code, output } = await run([path], folder)
  expect(code, output).toBe(0)
}

const found = pages()
  .map((page) => ({ page, name: relative(root, page), list: fences(readFileSync(page, 'utf8')).filter(isRun) }))
  .filter(({ list }) => list.length > 0)

beforeAll(async () => {
  mkdirSync(scene, { recursive: true })
  if (found.length === 0) return
  writeDocsSeries(scene)
  await Promise.all([writeDocsScene(scene), writeDocsCube(scene)])
  cpSync(join(root, 'oracles/tensor/models/resnet-torchscript-13.onnx'), join(scene, 'resnet.onnx'))
})

afterAll(() => {
  rmSync(work, { recursive: true, force: true })
})

describe.each(found)('$name', ({ page, list }) => {
  it.each(list)('line $line runs ($language)', (fence) => execute(fence, page), 300_000)
})

describe('fences', () => {
  it('reads language, flags, nested markers and indentation', () => {
    const text = ['```ts', 'a', '```', '', '````md', '```sh', '````', '  ```sh skip', '  npx x', '  ```'].join('\n')
    expect(fences(text)).toEqual([
      { language: 'ts', flags: [], text: 'a', line: 1 },
      { language: 'md', flags: [], text: '```sh', line: 5 },
      { language: 'sh', flags: ['skip'], text: 'npx x', line: 8 },
    ])
  })

  it('reads commands with continuation, quotes and comments', () => {
    const text = 'cd x\nnpx ecotope run a --param \\\n   k="a b" # why\n$ npx ecotope --help\nnpx ecotopes'
    expect(ecotopeCommands(text)).toEqual([['run', 'a', '--param', 'k=a b'], ['--help']])
  })
})
