/** The benchmark of causal methods, and its table as text, CSV or JSON. */
import { type BenchmarkResult, benchmarkTable, type RunBenchmarkOptions, runBenchmark } from '@ecotope/cause'
import { InputError } from '@ecotope/core'
import { hasExtension } from '@ecotope/cube'
import { writeFileAside } from './outputs.ts'

export interface BenchmarkFileOptions extends RunBenchmarkOptions {
  /** Where the table goes: .md, .csv or .json. */
  readonly out?: string
}

type Table = ReturnType<typeof benchmarkTable>

const markdown = ({ headings, rows }: Table): string =>
  [headings, headings.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const WRITERS: Readonly<Record<string, (result: BenchmarkResult, table: Table) => string>> = {
  '.md': (_, table) => `${markdown(table)}\n`,
  '.csv': (_, { headings, rows }) =>
    `${[headings, ...rows].map((row) => row.map((cell) => `"${cell}"`).join(',')).join('\n')}\n`,
  '.json': (result) => `${JSON.stringify(result, null, 1)}\n`,
}

/** Throws `InputError` BadOutput and those of `runBenchmark`. */
export async function benchmarkFiles(
  options: BenchmarkFileOptions,
): Promise<{ result: BenchmarkResult; table: Table }> {
  const { out } = options
  const extension = out === undefined ? undefined : Object.keys(WRITERS).find((known) => hasExtension(out, [known]))
  if (out !== undefined && extension === undefined)
    throw new InputError('BadOutput', `${out} does not end in ${Object.keys(WRITERS).join(', ')}`, {
      data: { path: out },
    })
  const result = await runBenchmark(options)
  const table = benchmarkTable(result)
  if (out !== undefined) await writeFileAside(out, WRITERS[extension!]!(result, table))
  return { result, table }
}
