/** Elementwise processes as methods: what a cube and an expression inside a callback have in common. */

/** The other operand: of the same kind, or a number. */
export type Other<Self> = Self | number

/**
 * Every method is the openEO process of its name (`absolute`, `gt`, `normalized_difference` ...). Missing values stay
 * missing; comparisons give booleans.
 */
export abstract class Operand<Self> {
  /** The process on this (parameter `x`) and further arguments. */
  protected abstract elementwise(process: string, args?: Readonly<Record<string, unknown>>): Self

  add(y: Other<Self>): Self {
    return this.elementwise('add', { y })
  }
  subtract(y: Other<Self>): Self {
    return this.elementwise('subtract', { y })
  }
  multiply(y: Other<Self>): Self {
    return this.elementwise('multiply', { y })
  }
  divide(y: Other<Self>): Self {
    return this.elementwise('divide', { y })
  }
  mod(y: Other<Self>): Self {
    return this.elementwise('mod', { y })
  }
  /** This to the power of `p`. */
  power(p: Other<Self>): Self {
    return this.elementwise('power', { p })
  }
  /** (x - y) / (x + y). */
  normalizedDifference(y: Self): Self {
    return this.elementwise('normalized_difference', { y })
  }
  absolute(): Self {
    return this.elementwise('absolute')
  }
  sgn(): Self {
    return this.elementwise('sgn')
  }
  sqrt(): Self {
    return this.elementwise('sqrt')
  }
  exp(): Self {
    return this.elementwise('exp')
  }
  ln(): Self {
    return this.elementwise('ln')
  }
  log(base: number): Self {
    return this.elementwise('log', { base })
  }
  sin(): Self {
    return this.elementwise('sin')
  }
  cos(): Self {
    return this.elementwise('cos')
  }
  tan(): Self {
    return this.elementwise('tan')
  }
  arctan(): Self {
    return this.elementwise('arctan')
  }
  floor(): Self {
    return this.elementwise('floor')
  }
  ceil(): Self {
    return this.elementwise('ceil')
  }
  int(): Self {
    return this.elementwise('int')
  }
  /** To `decimals` places, halves to even. */
  round(decimals = 0): Self {
    return this.elementwise('round', { p: decimals })
  }
  clip(min: number, max: number): Self {
    return this.elementwise('clip', { min, max })
  }
  /** From [inputMin, inputMax] to [outputMin, outputMax], clipped. */
  linearScaleRange(inputMin: number, inputMax: number, outputMin = 0, outputMax = 1): Self {
    return this.elementwise('linear_scale_range', { inputMin, inputMax, outputMin, outputMax })
  }
  gt(y: Other<Self>): Self {
    return this.elementwise('gt', { y })
  }
  gte(y: Other<Self>): Self {
    return this.elementwise('gte', { y })
  }
  lt(y: Other<Self>): Self {
    return this.elementwise('lt', { y })
  }
  lte(y: Other<Self>): Self {
    return this.elementwise('lte', { y })
  }
  eq(y: Other<Self>): Self {
    return this.elementwise('eq', { y })
  }
  neq(y: Other<Self>): Self {
    return this.elementwise('neq', { y })
  }
  /** min <= x <= max. */
  between(min: number, max: number): Self {
    return this.elementwise('between', { min, max })
  }
  and(y: Self): Self {
    return this.elementwise('and', { y })
  }
  or(y: Self): Self {
    return this.elementwise('or', { y })
  }
  xor(y: Self): Self {
    return this.elementwise('xor', { y })
  }
  not(): Self {
    return this.elementwise('not')
  }
  /** Whether the value is missing. */
  isNodata(): Self {
    return this.elementwise('is_nodata')
  }
  isValid(): Self {
    return this.elementwise('is_valid')
  }
}
