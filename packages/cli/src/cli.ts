/** The command line as a function: arguments in, exit code out. `main.ts` gives it the process's own surroundings. */
import { CancelledError, InputError, nearest } from '@ecotope/core'
import { type Application, inWords } from '@ecotope/run'
import { readArguments } from './arguments.ts'
import { type Command, helpOf, overallHelp } from './command.ts'
import { causeCommand } from './commands/cause/cause.ts'
import { explainCommand } from './commands/explain.ts'
import { explainLineageCommand } from './commands/explain-lineage.ts'
import { graphCommand } from './commands/graph.ts'
import { inspectCommand } from './commands/inspect.ts'
import { predictCommand } from './commands/predict.ts'
import { runCommand } from './commands/run.ts'
import { scoreCommand } from './commands/score.ts'
import { viewCommand } from './commands/view.ts'
import { liveDisplay, type Sink, silentDisplay } from './display.ts'
import { failureOf } from './failure.ts'

export const commands: readonly Command[] = [
  inspectCommand,
  runCommand,
  predictCommand,
  scoreCommand,
  graphCommand,
  viewCommand,
  causeCommand,
  explainCommand,
  explainLineageCommand,
]

export interface Surroundings {
  readonly application: Application
  readonly stdout: Sink
  readonly stderr: Sink
  readonly signal: AbortSignal
  readonly version: string
}

/** Runs one command. Never throws: every error becomes an exit code (0, 1, 2 or 130) and a message. */
export async function runCli(args: readonly string[], around: Surroundings): Promise<number> {
  const { stdout, stderr } = around
  const json = args.includes('--json')
  try {
    const text = await answer(args, around)
    stdout.write(text)
    return 0
  } catch (error) {
    const failure = failureOf(inWords(error))
    if (stderr.isTTY) stderr.write('\r\u001b[K')
    if (json) stdout.write(`${JSON.stringify(failure.json)}\n`)
    stderr.write(failure.text)
    return failure.exitCode
  }
}

async function answer(args: readonly string[], around: Surroundings): Promise<string> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h') return overallHelp(commands, around.version)
  if (name === '--version' || name === '-v' || name === 'version') return `${around.version}\n`
  if (name === 'help') return rest[0] === undefined ? overallHelp(commands, around.version) : helpOf(commandOf(rest[0]))
  const command = commandOf(name)
  if (rest.includes('--help') || rest.includes('-h')) return helpOf(command)
  const given = readArguments(rest, command.options, `ecotope ${command.usage}`)
  const { stderr, stdout, application, signal } = around
  const display = given.has('quiet') ? silentDisplay(stderr) : liveDisplay(stderr)
  const width = Math.min(120, stdout.columns ?? 100)
  const running = command.run(given, { application, display, signal, command: typed(args), width })
  const result = await running.catch((cause: unknown) => {
    const isBare = cause instanceof CancelledError && cause.message === new CancelledError().message
    throw isBare && command.keepsWork !== true ? new CancelledError('as you asked; nothing is written') : cause
  })
  const asJson = given.has('json') && command.options.json === undefined
  return asJson ? `${JSON.stringify(result.json, null, 2)}\n` : result.text
}

function commandOf(name: string): Command {
  const found = commands.find((command) => command.name === name)
  if (found !== undefined) return found
  const names = commands.map((command) => command.name)
  const near = nearest(name.replace(/^-+/, ''), names)
  throw new InputError('UnknownCommand', `there is no command ${name}`, {
    hint: near === undefined ? `The commands are: ${names.join(', ')}.` : `Did you mean ${near}?`,
    data: { command: name, nearest: near },
  })
}

/** The command as a shell would take it again. */
function typed(args: readonly string[]): string {
  const quoted = args.map((text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`))
  return ['npx', 'ecotope', ...quoted].join(' ')
}
