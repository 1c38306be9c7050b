/** What a command is, and its help, which is made from its table. */
import type { Application } from '@ecotope/run'
import { commonOptions, type Given, type OptionTable } from './arguments.ts'
import type { Display } from './display.ts'
import { table } from './text.ts'

/** What a command works with; tests give their own. */
export interface CommandContext {
  readonly application: Application
  readonly display: Display
  readonly signal: AbortSignal
  /** The command as it was typed, to be repeated. */
  readonly command: string
  /** Columns of the terminal. */
  readonly width: number
}

/** What a command answers: text for people and JSON for machines. */
export interface Answer {
  readonly text: string
  readonly json: unknown
}

export interface Command {
  readonly name: string
  readonly summary: string
  /** What follows `ecotope`. */
  readonly usage: string
  readonly options: OptionTable
  readonly examples: readonly string[]
  /** Further words for the help. */
  readonly notes?: readonly string[]
  /** What is done when the command is stopped stays for the next run of it. Default: nothing does. */
  readonly keepsWork?: boolean
  run(given: Given, context: CommandContext): Promise<Answer>
}

/** The help of one command. */
export function helpOf(command: Command): string {
  const rows = Object.entries<OptionTable[string]>({ ...command.options, ...commonOptions, ...command.options }).map(
    ([name, { value, short, text }]) => {
      const head = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
      return [head, text]
    },
  )
  return [
    command.summary,
    '',
    `Usage: ecotope ${command.usage}`,
    '',
    'Options:',
    ...table([], rows, '  '),
    ...(command.notes === undefined ? [] : ['', ...command.notes]),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
    '',
  ].join('\n')
}

/** The help of the program. */
export function overallHelp(commands: readonly Command[], version: string): string {
  const rows = commands.map(({ name, summary }) => [name, summary])
  return [
    `Ecotope ${version}: maps from rasters and polygons, with their uncertainty, their explanation and their lineage`,
    '',
    'Usage: ecotope COMMAND [OPTIONS]',
    '',
    'Commands:',
    ...table([], rows, '  '),
    '',
    'Options:',
    '  -h, --help  print this help; ecotope COMMAND --help explains a command',
    '  --version   print the version',
    '',
    'Exit codes: 0 done, 1 failed, 2 something to mend in the input or the output folder, 130 stopped.',
    '',
    'Examples:',
    '  ecotope inspect dem.tif bands.tif scars.geojson',
    '  ecotope run recipes/segmentation --features dem.tif,bands.tif --labels scars.geojson --out out/mine',
    '  ecotope explain recipes/segmentation',
    '',
  ].join('\n')
}
