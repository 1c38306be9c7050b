/**
 * `npm test`: format and lint, types, package directions, then every test (executed docs and the frozen public API
 * among them). Arguments go to Vitest: `npm test -- packages/core`. Prints one line per stage.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readPackages, violations } from './directions.ts'

interface Outcome {
  readonly passed: number
  readonly failed: number
  readonly note?: string
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const colours = process.stdout.isTTY ? '--colors=force' : '--colors=off'

interface Ended {
  readonly status: number | null
  readonly output: string
}

/** Runs a tool of node_modules by its script, so that no shell and no `.cmd` shim is in between. */
async function tool(script: string, args: readonly string[], live = false): Promise<Ended> {
  const [name, ...rest] = script.split('/')
  const scoped = name!.startsWith('@') ? `${name}/${rest.shift()}` : name!
  const folder = dirname(require.resolve(`${scoped}/package.json`))
  const child = spawn(process.execPath, [join(folder, ...rest), ...args], {
    cwd: root,
    stdio: live ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  })
  const parts: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => parts.push(part))
  const status = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { status, output: Buffer.concat(parts).toString() }
}

async function quiet(script: string, args: readonly string[]): Promise<Outcome> {
  const { status, output } = await tool(script, args)
  if (status === 0) return { passed: 1, failed: 0 }
  console.log(output.trimEnd())
  return { passed: 0, failed: 1 }
}

function checkDirections(): Outcome {
  const { files, manifests } = readPackages(root)
  const found = violations(files, manifests)
  for (const { file, message } of found) console.log(`${file}: ${message}`)
  return { passed: found.length === 0 ? 1 : 0, failed: found.length === 0 ? 0 : 1 }
}

async function runTests(): Promise<Outcome> {
  const report = join(root, '.ecotope', 'tests.json')
  mkdirSync(dirname(report), { recursive: true })
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = await tool('vitest/vitest.mjs', ['run', ...reporters, ...process.argv.slice(2)], true)
  if (!existsSync(report)) return { passed: 0, failed: 1, note: 'Vitest wrote no report' }
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number
    numFailedTests: number
    numPendingTests: number
  }
  // A file that cannot be loaded fails without a failed test.
  const failed = status === 0 ? 0 : Math.max(1, numFailedTests)
  const note =
    numPendingTests > 0
      ? `${numPendingTests} skipped: data, or a user who is not root, that is not on this machine`
      : undefined
  return { passed: numPassedTests, failed, ...(note === undefined ? {} : { note }) }
}

type Stage = () => Outcome | Promise<Outcome>

const stages: Readonly<Record<string, Stage>> = {
  'format and lint': () =>
    quiet('@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', '--max-diagnostics=20', colours, '.']),
  types: () => quiet('typescript/bin/tsc', ['-p', '.', ...(process.stdout.isTTY ? ['--pretty'] : [])]),
  directions: checkDirections,
}

async function timed(name: string, stage: Stage): Promise<Outcome> {
  const started = performance.now()
  const outcome = await stage()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const note = outcome.note === undefined ? '' : ` (${outcome.note})`
  console.log(`${outcome.failed === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(16)} ${seconds.padStart(6)} s${note}`)
  return outcome
}

// Side by side, as each alone leaves cores idle; the tests come after, which measure time here and there.
const outcomes = await Promise.all(Object.entries(stages).map(([name, stage]) => timed(name, stage)))
outcomes.push(await timed('tests', runTests))
const total = (key: 'passed' | 'failed'): number => outcomes.reduce((sum, outcome) => sum + outcome[key], 0)
console.log(`${total('passed')} passed, ${total('failed')} failed`)
process.exitCode = total('failed') === 0 ? 0 : 1
