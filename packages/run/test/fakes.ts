/** A small recipe with processes that count how often they run. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WorkOptions } from '@ecotope/core'
import { onTestFinished } from 'vitest'
import { type JsonValue, type Process, parseRecipe, type Recipe, type StepContext } from '../src/index.ts'

/** A folder that is removed when the test ends. */
export async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ecotope-run-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

interface FakeOptions {
  readonly seeded?: boolean
  readonly version?: string
  readonly estimate?: Process['estimate']
}

/** A process whose parameters accept anything. */
export function fake(
  id: string,
  names: readonly string[],
  run: (args: Record<string, unknown>, context: StepContext) => JsonValue | Promise<JsonValue>,
  options: FakeOptions = {},
): Process {
  const optional = (name: string) => (name.endsWith('?') ? { optional: true } : {})
  return {
    id,
    namespace: 'ecotope',
    version: options.version ?? '1.0.0',
    ...(options.seeded === undefined ? {} : { seeded: options.seeded }),
    ...(options.estimate === undefined ? {} : { estimate: options.estimate }),
    spec: {
      id,
      summary: `Does ${id}`,
      description: `Does ${id}.`,
      parameters: names.map((name) => ({
        name: name.replace('?', ''),
        description: '',
        schema: {},
        ...optional(name),
      })),
      returns: { schema: {} },
    },
    run: async (args, context) => run(args, context),
  }
}

export interface Counted {
  readonly processes: Process[]
  /** Names of the processes in the order they ran. */
  readonly ran: string[]
}

/** read (file → text) → scale (× factor) → sum; and title, which stands beside. */
export function counted(options: WorkOptions & { version?: string } = {}): Counted {
  const ran: string[] = []
  const note = (name: string) => ran.push(name)
  const processes = [
    fake(
      'read',
      ['file'],
      async ({ file }, context) => {
        note('read')
        context.onWarning?.({ tag: 'Odd', message: 'the file is odd' })
        const numbers = (await readFile(String(file), 'utf8')).trim().split(/\s+/).map(Number)
        await writeFile(join(context.directory, 'numbers.json'), JSON.stringify(numbers))
        return { count: numbers.length }
      },
      { seeded: false, estimate: () => ({ seconds: 2, memoryBytes: 1000, value: { count: 3 } }) },
    ),
    fake(
      'scale',
      ['data', 'factor'],
      async ({ data, factor }, context) => {
        note('scale')
        const text = await readFile(join(context.step(data).directory, 'numbers.json'), 'utf8')
        const scaled = (JSON.parse(text) as number[]).map((n) => n * Number(factor))
        context.onProgress?.({ step: '', fraction: 0.5 })
        await writeFile(join(context.directory, 'scaled.json'), JSON.stringify(scaled))
        return scaled
      },
      {
        estimate: ({ data }, context) => ({
          seconds: (context.step(data).value as { count: number }).count,
          memoryBytes: 5000,
        }),
        ...(options.version === undefined ? {} : { version: options.version }),
      },
    ),
    fake(
      'title',
      ['text'],
      ({ text }) => {
        note('title')
        return String(text).toUpperCase()
      },
      { seeded: false, estimate: () => ({ seconds: 1 }) },
    ),
    fake(
      'report',
      ['scaled', 'title'],
      ({ scaled, title }, context) => {
        note('report')
        const numbers = context.step(scaled).value as number[]
        return { title: context.step(title).value, sum: numbers.reduce((a, b) => a + b, 0), seed: context.seed }
      },
      { estimate: () => ({ seconds: 1 }) },
    ),
  ]
  return { processes, ran }
}

export const recipeJson = {
  id: 'numbers',
  summary: 'Scales and adds numbers',
  description: 'Reads numbers and adds them.\n\nA second paragraph.',
  parameters: [
    { name: 'file', description: 'The numbers.', schema: { type: 'string', subtype: 'file-path' } },
    {
      name: 'factor',
      description: 'What every number is multiplied by.',
      schema: { type: 'number', minimum: 0, maximum: 10 },
      default: 2,
      raiseWhen: 'the sum is too small',
      lowerWhen: 'the sum is too large',
      group: 'Arithmetic',
    },
    { name: 'text', description: 'The title.', schema: { type: 'string' }, default: 'sum', group: 'Words' },
  ],
  process_graph: {
    report: {
      process_id: 'report',
      namespace: 'ecotope',
      arguments: { scaled: { from_node: 'scale' }, title: { from_node: 'title' } },
      result: true,
    },
    read: { process_id: 'read', namespace: 'ecotope', arguments: { file: { from_parameter: 'file' } } },
    scale: {
      process_id: 'scale',
      namespace: 'ecotope',
      arguments: { data: { from_node: 'read' }, factor: { from_parameter: 'factor' } },
    },
    title: { process_id: 'title', namespace: 'ecotope', arguments: { text: { from_parameter: 'text' } } },
  },
}

export function numbersRecipe(changes: object = {}): Recipe {
  return parseRecipe({ ...recipeJson, ...changes }, { directory: process.cwd() })
}
