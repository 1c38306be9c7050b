/** Arithmetic, rounding, powers and angles on numbers. Missing arguments give missing results; the rest follows IEEE 754. */
import { processError, required, schemas, valueRow, withDefault } from '../define.ts'
import type { Arguments, ParameterRow, ProcessRow } from '../row.ts'

const number = (name: string, summary: string): ParameterRow => required(name, summary, schemas.number)
const limit = (name: string, summary: string): ParameterRow => required(name, summary, schemas.realNumber)

/** A row whose meaning is a function of numbers; -0 is given as 0. */
function numeric(
  id: string,
  summary: string,
  parameters: readonly ParameterRow[],
  compute: (...numbers: number[]) => number,
  more: { errors?: readonly string[]; result?: string } = {},
): ProcessRow {
  const names = parameters.map(({ name }) => name)
  return valueRow({
    id,
    category: 'math',
    summary,
    parameters,
    returns: { summary: more.result ?? 'The number, or missing.', schema: schemas.number },
    ...(more.errors === undefined ? {} : { errors: more.errors }),
    evaluate(args: Arguments) {
      const numbers: number[] = []
      for (const name of names) {
        const value = args[name]
        if (typeof value !== 'number') return null
        numbers.push(value)
      }
      return compute(...numbers) + 0
    },
  })
}

const x = number('x', 'A number.')

/** id, summary, meaning: the functions of one number `x`. */
const unary: readonly (readonly [string, string, (x: number) => number])[] = [
  ['absolute', 'Distance from zero.', Math.abs],
  ['arccos', 'Angle in radians (0 to π) of a cosine; NaN outside -1 to 1.', Math.acos],
  ['arcosh', 'Inverse of cosh; NaN below 1.', Math.acosh],
  ['arcsin', 'Angle in radians (-π/2 to π/2) of a sine; NaN outside -1 to 1.', Math.asin],
  ['arctan', 'Angle in radians (-π/2 to π/2) of a tangent.', Math.atan],
  ['arsinh', 'Inverse of sinh.', Math.asinh],
  ['artanh', 'Inverse of tanh; infinite at -1 and 1, NaN beyond.', Math.atanh],
  ['ceil', 'Next whole number at or above.', Math.ceil],
  ['cos', 'Cosine of an angle in radians.', Math.cos],
  ['cosh', 'Hyperbolic cosine.', Math.cosh],
  ['floor', 'Next whole number at or below.', Math.floor],
  ['int', 'Whole part, rounded towards zero.', Math.trunc],
  ['ln', 'Natural logarithm; -infinity at 0, NaN below.', Math.log],
  ['sgn', 'Sign: -1, 0 or 1.', Math.sign],
  ['sin', 'Sine of an angle in radians.', Math.sin],
  ['sinh', 'Hyperbolic sine.', Math.sinh],
  ['sqrt', 'Square root; NaN below 0.', Math.sqrt],
  ['tan', 'Tangent of an angle in radians.', Math.tan],
  ['tanh', 'Hyperbolic tangent.', Math.tanh],
]

/** Remainder with the sign of the divisor; x / 0 where the divisor is 0, x where it is infinite. */
export function modulo(dividend: number, divisor: number): number {
  if (divisor === 0) return dividend / 0
  if (!Number.isFinite(divisor) && !Number.isNaN(divisor)) return dividend % divisor
  const rest = dividend % divisor
  return rest !== 0 && rest < 0 !== divisor < 0 ? rest + divisor : rest
}

/** Nearest whole number, halves to the even one. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value)
  const part = value - below
  if (part !== 0.5) return part < 0.5 ? below : below + 1
  return below % 2 === 0 ? below : below + 1
}

/** Rounds to `digits` places after the point (negative: to powers of ten), halves to even. */
export function roundTo(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > 308) return value
  if (digits < -308) return 0
  const factor = 10 ** Math.abs(digits)
  const scaled = digits < 0 ? value / factor : value * factor
  if (!Number.isFinite(scaled)) return value
  const whole = roundHalfEven(scaled)
  return digits < 0 ? whole * factor : whole / factor
}

/** Logarithm to a base, exact for powers of 2 and 10. */
export function logarithm(value: number, base: number): number {
  if (base === 10) return Math.log10(value)
  if (base === 2) return Math.log2(value)
  return Math.log(value) / Math.log(base)
}

function clip(value: number, min: number, max: number): number {
  if (min > max)
    throw processError('MinMaxSwapped', `the minimum ${min} is greater than the maximum ${max}`, 'Swap min and max.')
  return Math.min(Math.max(value, min), max)
}

/** Linear map of one range to another; numbers outside are taken as its nearest end. */
export function scaleRange(value: number, inMin: number, inMax: number, outMin: number, outMax: number): number {
  const clipped = Math.min(Math.max(value, Math.min(inMin, inMax)), Math.max(inMin, inMax))
  return ((clipped - inMin) / (inMax - inMin)) * (outMax - outMin) + outMin
}

const several: readonly ProcessRow[] = [
  numeric('add', 'Sum of two numbers.', [x, number('y', 'Another.')], (a, b) => a + b),
  numeric('subtract', 'First number less the second.', [x, number('y', 'What is taken away.')], (a, b) => a - b),
  numeric('multiply', 'Product of two numbers.', [x, number('y', 'Another.')], (a, b) => a * b),
  numeric(
    'divide',
    'Quotient; ±infinity or NaN where the divisor is 0.',
    [x, number('y', 'Divisor.')],
    (a, b) => a / b,
  ),
  numeric('mod', 'Remainder with the sign of the divisor.', [x, number('y', 'Divisor.')], modulo),
  numeric('power', 'A base to a power.', [number('base', 'The base.'), number('p', 'The exponent.')], (a, b) => a ** b),
  numeric('exp', 'e to a power.', [number('p', 'The exponent.')], Math.exp),
  numeric('log', 'Logarithm to a base.', [x, number('base', 'The base.')], logarithm),
  numeric(
    'arctan2',
    'Angle in radians (-π to π) of the point (x, y).',
    [number('y', 'Ordinate.'), number('x', 'Abscissa.')],
    Math.atan2,
  ),
  numeric(
    'clip',
    'The number, or the nearer limit where it lies outside.',
    [x, limit('min', 'Lower limit.'), limit('max', 'Upper limit.')],
    clip,
    { errors: ['MinMaxSwapped'] },
  ),
  numeric(
    'linear_scale_range',
    'Maps one range of numbers linearly to another; what lies outside is clipped.',
    [
      x,
      limit('inputMin', 'Start of the range of x.'),
      limit('inputMax', 'End of the range of x.'),
      withDefault('outputMin', 'What inputMin becomes.', schemas.realNumber, 0),
      withDefault('outputMax', 'What inputMax becomes.', schemas.realNumber, 1),
    ],
    scaleRange,
  ),
  numeric(
    'normalized_difference',
    'Difference over sum: (x - y) / (x + y).',
    [number('x', 'First band.'), number('y', 'Second band.')],
    (a, b) => (a - b) / (a + b),
  ),
  numeric(
    'round',
    'Rounds to places after the point, halves to the even neighbour.',
    [x, withDefault('p', 'Places; negative for tens, hundreds, ...', schemas.integer, 0)],
    roundTo,
  ),
]

const constant = (id: string, summary: string, value: number): ProcessRow =>
  valueRow({
    id,
    category: 'math',
    summary,
    parameters: [],
    returns: { summary: 'The number.', schema: schemas.realNumber },
    evaluate: () => value,
  })

export const mathRows: readonly ProcessRow[] = [
  ...unary.map(([id, summary, compute]) => numeric(id, summary, [x], compute)),
  ...several,
  constant('e', "Euler's number.", Math.E),
  constant('pi', 'Circumference of a circle over its diameter.', Math.PI),
  { ...constant('nan', 'Not a number.', Number.NaN), experimental: true },
  valueRow({
    id: 'constant',
    category: 'math',
    summary: 'A value as it stands, to be used in several places.',
    parameters: [required('x', 'Anything.', schemas.any)],
    returns: { summary: 'The same.', schema: schemas.any },
    evaluate: (args) => (args.x ?? null) as never,
  }),
]
