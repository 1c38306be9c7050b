/** `ecotope cause effect`: how much one variable changes another, by a graph. */
import { InputError } from '@ecotope/core'
import { type EffectEstimate, type EffectFileOptions, type EffectResult, effectFiles } from '@ecotope/run'
import { type Given, wholeNumber } from '../../arguments.ts'
import type { Answer, CommandContext } from '../../command.ts'
import { figure, table } from '../../text.ts'
import { inputRows, type OptionRows, requestOf, word } from './options.ts'

export const effectRows: OptionRows = {
  graph: { value: 'FILE', text: 'effect: the graph, as discover writes it', to: 'graph', read: word },
  from: { value: 'NODE,..', multiple: true, text: 'effect: causes, such as nino34@-2', to: 'from', read: word },
  to: { value: 'NODE,..', multiple: true, text: 'effect: what they act on, such as rain@0', to: 'to', read: word },
  condition: {
    value: 'NODE,..',
    multiple: true,
    text: 'effect: nodes that it is conditional on',
    to: 'condition',
    read: word,
  },
  hidden: {
    value: 'NAME,..',
    multiple: true,
    text: 'effect: variables of the graph that count as not observed',
    to: 'hidden',
    read: word,
  },
  mediated: {
    text: 'effect: also the direct effect and those through each mediator',
    to: 'mediated',
    read: () => true,
  },
  estimator: {
    value: 'NAME',
    text: 'effect: linear (default), ridge, knn, kernel-ridge, forest',
    to: 'estimator',
    read: word,
  },
  level: {
    value: 'SHARE',
    text: 'effect: of the intervals (default: 0.95)',
    to: 'level',
    read: (text, name) => {
      const level = Number(text)
      if (level > 0 && level < 1) return level
      throw new InputError('BadOption', `--${name} ${text} is not between 0 and 1`)
    },
  },
}

const HINT = 'For example: ecotope cause effect series.csv --graph graph.json --from nino34@-2 --to rain@0'

export async function effect(given: Given, paths: readonly string[], context: CommandContext): Promise<Answer> {
  const missing = ['graph', 'from', 'to'].find((name) => !given.has(name))
  if (paths.length === 0 || missing !== undefined)
    throw new InputError(
      'MissingArgument',
      `effect needs ${paths.length === 0 ? 'a table of series' : `--${missing}`}`,
      { hint: HINT },
    )
  const request = requestOf(given, { ...effectRows, ...inputRows }) as unknown as EffectFileOptions
  const [draws, seed] = [
    wholeNumber('bootstrap', given.text('bootstrap'), 2),
    wholeNumber('seed', given.text('seed'), 0),
  ]
  const block = given.text('block-length')
  const { result } = await effectFiles({
    ...request,
    input: { ...request.input, paths },
    bootstrap: {
      ...(draws !== undefined && { draws }),
      ...(seed !== undefined && { seed }),
      ...(block !== undefined && {
        blockLength: block === 'cube-root' ? block : wholeNumber('block-length', block, 1)!,
      }),
      signal: context.signal,
      onProgress: context.display.progress,
    },
    ...(given.has('json') && { json: given.text('json')! }),
    command: context.command,
    onWarning: context.display.warn,
  })
  context.display.clear()
  return { text: describe(result), json: result }
}

function describe(result: EffectResult): string {
  const { total, direct, mediated, adjustment, assumptions, warnings, samples, level, estimator } = result
  const per = result.per === 'unit' ? 'per unit of the cause' : 'for the change of the cause'
  const rows = [
    ...total.map((estimate) => ['total', ...cells(estimate)]),
    ...(direct ?? []).map((estimate) => ['direct', ...cells(estimate)]),
    ...(mediated ?? []).flatMap(({ variable, effects }) =>
      effects.map((estimate) => [`through ${variable}`, ...cells(estimate)]),
    ),
  ]
  return `${[
    `${estimator} effect, ${per}; ${samples} samples, intervals of ${100 * level} %`,
    '',
    ...table(['effect', 'from', 'to', 'value', 'from', 'to', 'standard error'], rows, '  '),
    '',
    `adjusted for: ${adjustment.length === 0 ? 'nothing' : adjustment.join(', ')}`,
    ...warnings.map(({ message }) => `warning: ${message}`),
    '',
    'This rests on:',
    ...assumptions.map((assumption) => `  ${assumption}`),
  ].join('\n')}\n`
}

const cells = ({ from, to, value, low, high, standardError }: EffectEstimate): string[] => [
  from,
  to,
  ...[value, low, high, standardError].map(figure),
]
