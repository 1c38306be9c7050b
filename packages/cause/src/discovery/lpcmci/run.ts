/** One LPCMCI search in progress: what its phases and rules share. */
import type { Search } from '../search.ts'
import { type AssumedMarks, assumedMarks } from './assumptions.ts'
import { Memory } from './memory.ts'
import { NodeSpace, TupleSpace } from './node-space.ts'
import type { LpcmciOptions, LpcmciSettings } from './options.ts'
import { Tests } from './tests.ts'
import { VoteMemory } from './votes.ts'

export class Run {
  readonly settings: LpcmciSettings
  readonly space: NodeSpace
  readonly pairs: TupleSpace
  readonly triples: TupleSpace
  readonly tests: Tests
  readonly #assumed: AssumedMarks | undefined
  memory: Memory
  votes = new VoteMemory()
  /** As the option; one less from the end of the last ancestral phase on. */
  withoutApr: number

  constructor(search: Search, settings: LpcmciSettings, options: LpcmciOptions) {
    this.settings = settings
    this.space = new NodeSpace(search.coding)
    this.pairs = new TupleSpace(this.space)
    this.triples = new TupleSpace(this.space)
    this.tests = new Tests(search, settings.alpha)
    this.#assumed = assumedMarks(options.assumptions, this.space, settings.tauMin)
    this.memory = new Memory(this.space, settings, this.#assumed)
    this.withoutApr = settings.withoutApr
  }

  /** Starts from the full graph again; answers of tests stay. */
  forget(): void {
    this.memory = new Memory(this.space, this.settings, this.#assumed)
    this.votes = new VoteMemory()
  }
}
