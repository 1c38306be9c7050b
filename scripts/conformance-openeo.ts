/**
 * Runs every case of a folder of openEO test files:
 *
 *     npm run conformance:openeo -- DIR [--write-state]
 *
 * prints a line for each case that fails, then `N passed, N failed, N skipped`. Exit code 1 where a case fails, 2 where
 * there is nothing to run. Cases are skipped only with a reason from scripts/openeo/skips.json. `--write-state` notes
 * the cases that pass, by process, for the table in docs/openeo-processes.md.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EcotopeError } from '@ecotope/core'
import { runCase, type Verdict } from './openeo/run.ts'
import { type Case, readCases } from './openeo/suite.ts'

const beside = (name: string): string => fileURLToPath(new URL(`./openeo/${name}`, import.meta.url))

export interface Report {
  readonly results: readonly { readonly test: Case; readonly verdict: Verdict }[]
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Runs all cases of a folder, one after the other. */
export async function conformance(folder: string): Promise<Report> {
  const skips = JSON.parse(readFileSync(beside('skips.json'), 'utf8')) as Record<string, string>
  const results: { test: Case; verdict: Verdict }[] = []
  for (const test of readCases(folder)) results.push({ test, verdict: await runCase(test, skips) })
  const count = (state: Verdict['state']): number => results.filter(({ verdict }) => verdict.state === state).length
  return { results, passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
}

/** The lines that the command prints: what failed, what was skipped and why, the sum. */
export function linesOf(report: Report): string[] {
  const lines = report.results.flatMap(({ test, verdict }) =>
    verdict.state === 'passed' ? [] : [`${verdict.state === 'failed' ? 'FAIL' : 'skip'} ${test.id}: ${verdict.reason}`],
  )
  return [...lines, `${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`]
}

/** Cases passed and cases in all, by process; what docs/openeo-processes.md tells of conformance. */
export function stateOf(report: Report): Record<string, { passed: number; cases: number }> {
  const state: Record<string, { passed: number; cases: number }> = {}
  for (const { test, verdict } of report.results) {
    const { passed, cases } = state[test.process] ?? { passed: 0, cases: 0 }
    state[test.process] = { passed: passed + (verdict.state === 'passed' ? 1 : 0), cases: cases + 1 }
  }
  return state
}

async function main(words: readonly string[]): Promise<number> {
  const [folder, ...more] = words.filter((word) => !word.startsWith('--'))
  const unknown = words.find((word) => word.startsWith('--') && word !== '--write-state')
  if (folder === undefined || more.length > 0 || unknown !== undefined) {
    console.error('usage: npm run conformance:openeo -- DIR [--write-state]')
    return 2
  }
  const report = await conformance(folder)
  if (report.results.length === 0) {
    console.error(`there are no openEO test cases (*.json5 with id and tests) in ${folder}`)
    return 2
  }
  for (const line of linesOf(report)) console.log(line)
  if (words.includes('--write-state'))
    writeFileSync(beside('state.json'), `${JSON.stringify(stateOf(report), null, 2)}\n`)
  return report.failed > 0 ? 1 : 0
}

if (import.meta.main)
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof EcotopeError)) throw error
    console.error(`${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`)
    process.exitCode = 2
  }
