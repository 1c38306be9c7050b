/** The line search of Moré & Thuente (1994), ACM Trans. Math. Softw. 20: a step of enough decrease and small slope. */

export interface Probe {
  readonly value: number
  readonly slope: number
}

/** A step and what was found there. */
interface Tried extends Probe {
  readonly step: number
}

export interface SearchLimits {
  /** First step tried. */
  readonly first: number
  readonly longest: number
  /** Evaluations at most. */
  readonly evaluations: number
}

export interface Found {
  readonly step: number
  readonly evaluations: number
  /** Whether the evaluations sufficed. */
  readonly ended: boolean
}

/** Least relative decrease, largest relative slope, and relative width of the bracket that ends a search. */
const [DECREASE, CURVATURE, WIDTH] = [1e-3, 0.9, 0.1]
const [REACH_LEAST, REACH_MOST] = [1.1, 4]

/** Looks along a line from 0, where the slope is negative. The last probe is the one at `step`. */
export function searchLine(start: Probe, limits: SearchLimits, probe: (step: number) => Probe): Found {
  const state = new Interval(start, limits)
  for (let evaluations = 1; ; evaluations++) {
    const { step } = state
    const tried = { ...probe(step), step }
    if (!Number.isFinite(tried.value)) return { step, evaluations, ended: false }
    if (state.ends(tried)) return { step, evaluations, ended: true }
    if (evaluations >= limits.evaluations) return { step, evaluations, ended: false }
    state.narrow(tried)
  }
}

/** The interval of uncertainty: `best` is the endpoint of least value, `other` lies across the minimum once bracketed. */
class Interval {
  step: number
  #best: Tried
  #other: Tried
  #bracketed = false
  /** Before a step of enough decrease and rising slope is known, steps are judged by an auxiliary function. */
  #early = true
  #least = 0
  #most: number
  #width: number
  #widthBefore: number
  readonly #start: Probe
  readonly #longest: number

  constructor(start: Probe, limits: SearchLimits) {
    this.#start = start
    this.#longest = limits.longest
    this.step = limits.first
    this.#best = { ...start, step: 0 }
    this.#other = this.#best
    this.#most = limits.first * (1 + REACH_MOST)
    this.#width = limits.longest
    this.#widthBefore = 2 * limits.longest
  }

  #line(step: number): number {
    return this.#start.value + step * DECREASE * this.#start.slope
  }

  ends({ step, value, slope }: Tried): boolean {
    const enough = value <= this.#line(step)
    if (this.#early && enough && slope >= 0) this.#early = false
    const flat = Math.abs(slope) <= CURVATURE * -this.#start.slope
    const stuck =
      this.#bracketed && (step <= this.#least || step >= this.#most || this.#most - this.#least <= WIDTH * this.#most)
    const atEnd = step === this.#longest && enough && slope <= DECREASE * this.#start.slope
    const atStart = step === 0 && (!enough || slope >= DECREASE * this.#start.slope)
    return (enough && flat) || stuck || atEnd || atStart
  }

  narrow(tried: Tried): void {
    const tilt = DECREASE * this.#start.slope
    const auxiliary = this.#early && tried.value <= this.#best.value && tried.value > this.#line(tried.step)
    const down = (point: Tried): Tried =>
      auxiliary ? { step: point.step, value: point.value - point.step * tilt, slope: point.slope - tilt } : point
    const [best, other, now] = [down(this.#best), down(this.#other), down(tried)]
    const next = this.#next(best, other, now)
    const opposite = now.slope * Math.sign(best.slope) < 0
    if (now.value > best.value) this.#other = tried
    else {
      if (opposite) this.#other = this.#best
      this.#best = tried
    }
    this.step = next
    this.#shrink()
  }

  /** The four cases of section 4. */
  #next(best: Tried, other: Tried, now: Tried): number {
    if (now.value > best.value) return this.#higher(best, now)
    if (now.slope * Math.sign(best.slope) < 0) return this.#turned(best, now)
    if (Math.abs(now.slope) < Math.abs(best.slope)) return this.#flatter(best, other, now)
    if (this.#bracketed) return cubic(now, other, 'no clamp')
    return now.step > best.step ? this.#most : this.#least
  }

  #higher(best: Tried, now: Tried): number {
    this.#bracketed = true
    const span = now.step - best.step
    const third = cubic(best, now, 'no clamp')
    const second = best.step + (best.slope / ((best.value - now.value) / span + best.slope) / 2) * span
    return Math.abs(third - best.step) < Math.abs(second - best.step) ? third : third + (second - third) / 2
  }

  #turned(best: Tried, now: Tried): number {
    this.#bracketed = true
    const [third, second] = [cubic(now, best, 'no clamp'), secant(now, best)]
    return Math.abs(third - now.step) > Math.abs(second - now.step) ? third : second
  }

  #flatter(best: Tried, other: Tried, now: Tried): number {
    const far = now.step > best.step ? this.#most : this.#least
    const [third, second] = [cubic(now, best, far), secant(now, best)]
    const thirdNearer = Math.abs(third - now.step) < Math.abs(second - now.step)
    if (this.#bracketed) {
      const next = thirdNearer ? third : second
      const limit = now.step + 0.66 * (other.step - now.step)
      return now.step > best.step ? Math.min(limit, next) : Math.max(limit, next)
    }
    const further = Math.abs(third - now.step) > Math.abs(second - now.step) ? third : second
    return Math.max(this.#least, Math.min(this.#most, further))
  }

  /** Keeps the next step inside the interval and makes sure that the interval shrinks. */
  #shrink(): void {
    const [a, b] = [this.#best.step, this.#other.step]
    if (this.#bracketed) {
      if (Math.abs(b - a) >= 0.66 * this.#widthBefore) this.step = a + 0.5 * (b - a)
      this.#widthBefore = this.#width
      this.#width = Math.abs(b - a)
      this.#least = Math.min(a, b)
      this.#most = Math.max(a, b)
    } else {
      // The reach grows from the step that comes next, away from the best one.
      this.#least = this.step + REACH_LEAST * (this.step - a)
      this.#most = this.step + REACH_MOST * (this.step - a)
    }
    this.step = Math.max(0, Math.min(this.#longest, this.step))
    const outside = this.step <= this.#least || this.step >= this.#most
    if (this.#bracketed && (outside || this.#most - this.#least <= WIDTH * this.#most)) this.step = a
  }
}

/**
 * Minimum of the cubic through two points and slopes, seen from `from`. With a number as third argument: that number where the
 * cubic does not fall towards infinity on the far side of `from` (case 3).
 */
function cubic(from: Tried, to: Tried, far: number | 'no clamp'): number {
  const span = to.step - from.step
  const theta = (3 * (from.value - to.value)) / span + from.slope + to.slope
  const scale = Math.max(Math.abs(theta), Math.abs(from.slope), Math.abs(to.slope))
  const square = (theta / scale) ** 2 - (from.slope / scale) * (to.slope / scale)
  const size = scale * Math.sqrt(far === 'no clamp' ? square : Math.max(0, square))
  const gamma = span < 0 ? -size : size
  const ratio = (gamma - from.slope + theta) / (gamma - from.slope + gamma + to.slope)
  if (far !== 'no clamp' && !(ratio < 0 && gamma !== 0)) return far
  return from.step + ratio * span
}

function secant(now: Tried, best: Tried): number {
  return now.step + (now.slope / (now.slope - best.slope)) * (best.step - now.step)
}
