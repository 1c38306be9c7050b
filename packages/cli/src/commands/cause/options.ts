/** The options of `ecotope cause`, each with how it is read and where it goes. */
import { InputError } from '@ecotope/core'
import { type Given, listed, type OptionSpec, wholeNumber } from '../../arguments.ts'

/** An option, how its text is read, and the place of the value in the request (`search.tauMax`). */
export interface OptionRow extends OptionSpec {
  readonly to: string
  readonly read: (text: string, name: string) => unknown
}

export type OptionRows = Readonly<Record<string, OptionRow>>

const bad = (name: string, text: string, what: string): InputError =>
  new InputError('BadOption', `--${name} ${text} is not ${what}`, { data: { option: name, value: text } })

export const word = (text: string): string => text

export const whole =
  (least: number) =>
  (text: string, name: string): number | undefined =>
    wholeNumber(name, text, least)

function real(text: string, name: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw bad(name, text, 'a number')
}

const oneWord =
  (...known: readonly string[]) =>
  (text: string, name: string): string => {
    if (known.includes(text)) return text
    throw bad(name, text, `one of: ${known.join(', ')}`)
  }

function dummies(text: string, name: string): { space: boolean; time: boolean } {
  const words = listed([text])
  if (words.every((one) => ['space', 'time'].includes(one)) || text === 'none')
    return { space: words.includes('space'), time: words.includes('time') }
  throw bad(name, text, 'space, time, both (space,time) or none')
}

/** What other software calls them. */
const SIGNIFICANCE: Readonly<Record<string, string>> = { shuffle_test: 'shuffle', fixed_thres: 'threshold' }

/** `none`, a number, or several separated by commas. */
function levels(text: string, name: string): number | readonly number[] | null {
  if (text.toLowerCase() === 'none') return null
  const numbers = text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((part) => real(part, name))
  return numbers.length === 1 ? numbers[0]! : numbers
}

const wholeOr =
  (other: string) =>
  (text: string, name: string): number | string | undefined =>
    text === other ? other : wholeNumber(name, text, 1)

const flag = { read: () => true } as const

/** A `-1` for infinitely many would be a trap; `all` says it. */
const count = (text: string, name: string): number | undefined =>
  text === 'all' ? Number.POSITIVE_INFINITY : wholeNumber(name, text, 0)

export const inputRows: OptionRows = {
  time: { value: 'COLUMN', text: 'column of times (default: each row is one step)', to: 'input.time', read: word },
  variables: {
    value: 'NAME,..',
    multiple: true,
    text: 'columns to use, in this order (default: all)',
    to: 'input.variables',
    read: word,
  },
  missing: {
    value: 'NUMBER',
    text: 'a number that stands for a missing value, such as -999',
    to: 'input.missing',
    read: real,
  },
  mask: {
    value: 'FILE',
    multiple: true,
    text: 'tables like the data with 1 where a value is masked',
    to: 'input.masks',
    read: word,
  },
  weights: {
    value: 'FILE',
    multiple: true,
    text: 'tables like the data with the weight of each value',
    to: 'input.weights',
    read: word,
  },
  discrete: {
    value: 'NAME,..',
    multiple: true,
    text: 'variables that are classes (for tests of mixed data)',
    to: 'input.discrete',
    read: word,
  },
  'missing-up-to-max-lag': {
    text: 'a missing value also removes the samples after it, up to the largest lag',
    to: 'input.missingUpToMaxLag',
    ...flag,
  },
}

export const testRows: OptionRows = {
  test: {
    value: 'NAME',
    text: 'independence test: parcorr (default), robust-parcorr, parcorr-wls, parcorr-mult, gpdc, cmi-knn, cmi-knn-mixed, cmi-symb, gsquared, regression-ci',
    to: 'test',
    read: word,
  },
  significance: {
    value: 'NAME',
    text: 'p-values: analytic, shuffle, or threshold (alpha is then one of the value)',
    to: 'testOptions.significance',
    read: (text, name) => oneWord('analytic', 'shuffle', 'threshold')(SIGNIFICANCE[text] ?? text, name),
  },
  shuffles: {
    value: 'NUMBER',
    text: 'permutations of a shuffle test (default: 500)',
    to: 'testOptions.shuffles',
    read: whole(1),
  },
  'shuffle-block': {
    value: 'STEPS',
    text: 'steps in a shuffled block (default: from the autocorrelation)',
    to: 'testOptions.shuffleBlock',
    read: whole(1),
  },
  seed: { value: 'NUMBER', text: 'start of the random numbers (default: 42)', to: 'testOptions.seed', read: whole(0) },
  'mask-type': {
    value: 'LETTERS',
    text: 'whose masked values are left out: of the cause x, the effect y, the conditions z; such as y or xyz',
    to: 'testOptions.maskType',
    read: oneWord('x', 'y', 'z', 'xy', 'xz', 'yz', 'xyz'),
  },
  confidence: {
    value: 'NAME',
    text: 'intervals of values: analytic or bootstrap',
    to: 'testOptions.confidence',
    read: oneWord('analytic', 'bootstrap'),
  },
  'confidence-level': {
    value: 'SHARE',
    text: 'of those intervals (default: 0.9)',
    to: 'testOptions.confidenceLevel',
    read: real,
  },
  knn: {
    value: 'NUMBER',
    text: 'neighbours: a share below 1, or a number (cmi-knn; default: 0.2)',
    to: 'testOptions.neighbours',
    read: real,
  },
  'shuffle-neighbours': {
    value: 'NUMBER',
    text: 'neighbours that shuffled samples come from (cmi-knn; default: 5)',
    to: 'testOptions.shuffleNeighbours',
    read: whole(1),
  },
  transform: {
    value: 'NAME',
    text: 'of the values before (cmi-knn: ranks, standardize, uniform, none)',
    to: 'testOptions.transform',
    read: oneWord('ranks', 'standardize', 'uniform', 'none'),
  },
}

export const searchRows: OptionRows = {
  'tau-min': { value: 'STEPS', text: 'smallest lag (default: 0)', to: 'search.tauMin', read: whole(0) },
  'tau-max': { value: 'STEPS', text: 'largest lag (default: 1)', to: 'search.tauMax', read: whole(0) },
  'pc-alpha': {
    value: 'LEVEL',
    text: 'level by which conditions are chosen; several, or none: the best by the criterion of the test',
    to: 'search.pcAlpha',
    read: levels,
  },
  alpha: { value: 'LEVEL', text: 'level of links (default: 0.05)', to: 'search.alpha', read: real },
  fdr: {
    value: 'NAME',
    text: 'correction for the number of tests: none (default) or fdr-bh',
    to: 'search.fdr',
    read: (text, name) => oneWord('none', 'fdr-bh')(text.replace('_', '-'), name),
  },
  'fdr-contemporaneous': { text: 'correct p-values of lag 0 too', to: 'search.fdrContemporaneous', ...flag },
  assumptions: {
    value: 'FILE',
    text: 'JSON of what is known of links: {"rain": {"nino34@-2": "-?>"}}',
    to: 'assumptions',
    read: word,
  },
  'max-conditions': {
    value: 'NUMBER',
    text: 'most conditions in the choice of parents',
    to: 'search.maxConditions',
    read: count,
  },
  'max-combinations': {
    value: 'NUMBER',
    text: 'sets of conditions tried of each size (default: 1)',
    to: 'search.maxCombinations',
    read: count,
  },
  'max-conditions-x': {
    value: 'NUMBER',
    text: 'most parents of the cause among the conditions',
    to: 'search.maxConditionsX',
    read: count,
  },
  'max-conditions-y': {
    value: 'NUMBER',
    text: 'most parents of the effect among the conditions',
    to: 'search.maxConditionsY',
    read: count,
  },
  'collider-rule': {
    value: 'NAME',
    text: 'for lag 0: majority (default), conservative, none',
    to: 'search.colliderRule',
    read: oneWord('majority', 'conservative', 'none'),
  },
  'ignore-conflicts': {
    text: 'let the first orientation stand where rules conflict, instead of x-x',
    to: 'search.markConflicts',
    read: () => false,
  },
  'reset-lagged-links': {
    text: 'test lagged links anew in the second phase (pcmci+)',
    to: 'search.resetLaggedLinks',
    ...flag,
  },
  'preliminary-iterations': {
    value: 'NUMBER',
    text: 'preliminary phases of lpcmci (default: 1)',
    to: 'search.preliminaryPhases',
    read: whole(0),
  },
}

export const methodRows: OptionRows = {
  method: {
    value: 'NAME',
    text: 'pcmci (default), pcmci+, lpcmci, jpcmci+, rpcmci, pc, fullci, bivci, granger, kernel-granger, ccm, var-lingam, resit',
    to: 'method',
    read: word,
  },
  context: {
    value: 'FILE',
    multiple: true,
    text: 'context of the data sets: a row per data set, or per time step (jpcmci+)',
    to: 'contexts',
    read: word,
  },
  dummies: {
    value: 'space,time',
    text: 'contexts that nobody observed (jpcmci+; default: both; none)',
    to: 'dummies',
    read: dummies,
  },
  regimes: { value: 'NUMBER', text: 'regimes (rpcmci; default: 2)', to: 'regimes.regimes', read: whole(1) },
  transitions: {
    value: 'NUMBER',
    text: 'changes of regime at most (rpcmci; default: 1)',
    to: 'regimes.maxTransitions',
    read: whole(0),
  },
  bootstrap: {
    value: 'NUMBER',
    text: 'repeat on so many resampled series; links by majority, with their frequency',
    to: 'bootstrap.draws',
    read: whole(1),
  },
  'block-length': {
    value: 'STEPS',
    text: 'steps drawn together in a bootstrap, or cube-root (default: cube-root)',
    to: 'bootstrap.blockLength',
    read: wholeOr('cube-root'),
  },
}

/** A request from what is given: values at their places. */
export function requestOf(given: Given, rows: OptionRows): Record<string, unknown> {
  const request: Record<string, unknown> = {}
  for (const [name, row] of Object.entries(rows)) {
    if (!given.has(name)) continue
    const texts = given.texts(name)
    put(request, row.to.split('.'), row.multiple ? listed(texts) : row.read(texts.at(-1)!, name))
  }
  return request
}

function put(target: Record<string, unknown>, [first, ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) target[first!] = value
  else {
    target[first!] ??= {}
    put(target[first!] as Record<string, unknown>, rest, value)
  }
}
