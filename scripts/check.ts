/**
 * `npm test`: format and lint, types, package directions, then every test (executed docs and the frozen public API
 * among them). Arguments go to Vitest: `npm test -- packages/core`. Prints one line per stage.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
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

/** Runs a tool of node_modules by its script, so that no shell and no `.cmd` shim is in between. */
function tool(script: string, args: readonly string[], live = false): SpawnSyncReturns<string> {
  const [name, ...rest] = script.split('/')
  const scoped = name!.startsWith('@') ? `${name}/${rest.shift()}` : name!
  const folder = dirname(require.resolve(`${scoped}/package.json`))
  return spawnSync(process.execPath, [join(folder, ...rest), ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: live ? 'inherit' : 'pipe',
  })
}

function quiet(script: string, args: readonly string[]): Outcome {
  const result = tool(script, args)
  if (result.status === 0) return { passed: 1, failed: 0 }
  console.log(`${result.stdout}${result.stderr}`.trimEnd())
  return { passed: 0, failed: 1 }
}

function checkDirections(): Outcome {
  const { files, manifests } = readPackages(root)
  const found = violations(files, manifests)
  for (const { file, message } of found) console.log(`${file}: ${message}`)
  return { passed: found.length === 0 ? 1 : 0, failed: found.length === 0 ? 0 : 1 }
}

function runTests(): Outcome {
  const report = join(root, '.ecotope', 'tests.json')
  mkdirSync(dirname(report), { recursive: true })
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const result = tool('vitest/vitest.mjs', ['run', ...reporters, ...process.argv.slice(2)], true)
  if (!existsSync(report)) return { passed: 0, failed: 1, note: 'Vitest wrote no report' }
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number
    numFailedTests: number
    numPendingTests: number
  }
  // A file that cannot be loaded fails without a failed test.
  const failed = result.status === 0 ? 0 : Math.max(1, numFailedTests)
  const note = numPendingTests > 0 ? `${numPendingTests} skipped: data that is not on this machine` : undefined
  return { passed: numPassedTests, failed, ...(note === undefined ? {} : { note }) }
}

const stages: Readonly<Record<string, () => Outcome>> = {
  'format and lint': () =>
    quiet('@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', '--max-diagnostics=20', colours, '.']),
  types: () => quiet('typescript/bin/tsc', ['-p', '.', ...(process.stdout.isTTY ? ['--pretty'] : [])]),
  directions: checkDirections,
  tests: runTests,
}

let passed = 0
let failed = 0
for (const [name, stage] of Object.entries(stages)) {
  const started = performance.now()
  const outcome = stage()
  passed += outcome.passed
  failed += outcome.failed
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const note = outcome.note === undefined ? '' : ` (${outcome.note})`
  console.log(`${outcome.failed === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(16)} ${seconds.padStart(6)} s${note}`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
