/** `ecotope cause discover`: the graph of series as a file, a picture and a list of findings. */
import { InputError, type Warning } from '@ecotope/core'
import { type DiscoveredFiles, type DiscoverFileOptions, discoverFiles, type LinkFinding } from '@ecotope/run'
import { type Given, wholeNumber } from '../../arguments.ts'
import type { Answer, CommandContext } from '../../command.ts'
import { duration, figure, table } from '../../text.ts'
import { inputRows, methodRows, type OptionRows, requestOf, searchRows, testRows, word } from './options.ts'

export const outputRows: OptionRows = {
  json: {
    value: 'FILE',
    text: 'where the graph goes: val_matrix, p_matrix, graph and findings',
    to: 'json',
    read: word,
  },
  svg: { value: 'FILE', text: 'where the picture goes, .svg or .png', to: 'picture', read: word },
  picture: {
    value: 'KIND',
    text: 'network (default), time: the graph through time, or lags: strength by lag',
    to: 'pictureKind',
    read: (text, name) => {
      if (['network', 'time', 'lags'].includes(text)) return text
      throw new InputError('BadOption', `--${name} ${text} is not one of: network, time, lags`)
    },
  },
  places: { value: 'FILE', text: 'table of name, x and y: draw the nodes where they are', to: 'places', read: word },
  title: { value: 'TEXT', text: 'of the picture', to: 'title', read: word },
  links: { value: 'FILE', text: 'where the table of links goes, .csv', to: 'links', read: word },
  threads: {
    value: 'NUMBER',
    text: 'processors to use (default: all)',
    to: 'threads',
    read: (text, name) => wholeNumber(name, text, 1),
  },
}

export const discoverRows: OptionRows = { ...inputRows, ...methodRows, ...searchRows, ...testRows, ...outputRows }

export async function discover(given: Given, paths: readonly string[], context: CommandContext): Promise<Answer> {
  if (paths.length === 0)
    throw new InputError('MissingArgument', 'discover needs a table of series', {
      hint: 'For example: ecotope cause discover series.csv --tau-max 5 --svg graph.svg',
    })
  const { display, signal, command } = context
  const request = requestOf(given, discoverRows) as unknown as DiscoverFileOptions
  const found = await discoverFiles({
    ...request,
    input: { ...request.input, paths },
    command,
    signal,
    onProgress: display.progress,
    onWarning: display.warn,
  })
  display.clear()
  return { text: describe(found), json: undefined }
}

function describe({ discovery, findings, files, regimes }: DiscoveredFiles): string {
  const { links, warnings, method, test } = findings
  const head = `${method}${test === '' ? '' : ` with ${test}`}: ${links.length} links of ${discovery.variables.length} variables, ${discovery.tests} tests, ${duration(discovery.seconds)}`
  const lines = [head, '', ...linkTable(links), ...(links.length === 0 ? ['  no links'] : [])]
  if (regimes !== undefined) lines.push('', `regimes: ${regimes.discoveries.length}; the first one's links are shown`)
  if (warnings.length > 0) lines.push('', ...distinct(warnings).map((message) => `warning: ${message}`))
  lines.push('', 'This rests on:', ...findings.assumptions.map((assumption) => `  ${assumption}`))
  return `${[...lines, ...(files.length === 0 ? [] : ['', `written: ${files.join(', ')}`])].join('\n')}\n`
}

const distinct = (warnings: readonly Warning[]): string[] => [...new Set(warnings.map(({ message }) => message))]

function linkTable(links: readonly LinkFinding[]): string[] {
  const hasStability = links.some(({ stability }) => stability !== undefined)
  const hasInterval = links.some(({ interval }) => interval !== undefined)
  return table(
    [
      'cause',
      'lag',
      'link',
      'effect',
      'strength',
      ...(hasInterval ? ['interval'] : []),
      'p',
      'q',
      ...(hasStability ? ['stability'] : []),
    ],
    links.map(({ from, to, lag, link, strength, interval, pValue, qValue, stability }) => [
      ...[from, String(lag), link, to, figure(strength)],
      ...(hasInterval ? [interval === undefined ? '' : `${figure(interval[0])} .. ${figure(interval[1])}`] : []),
      ...[pText(pValue), pText(qValue)],
      ...(hasStability ? [figure(stability)] : []),
    ]),
    '  ',
  )
}

const pText = (p: number): string => (p < 1e-4 && p > 0 ? p.toExponential(1) : p.toFixed(4))
