/** What a rule is and what it says. */
import type { NodeCode } from '../assumptions.ts'
import { type MarkedLink, MIRROR } from './marks.ts'
import type { Run } from './run.ts'

/** The link from variable i, `back` steps ago, to variable j should be this one; 0: there should be none. */
export interface Claim {
  readonly i: number
  readonly back: number
  readonly j: number
  readonly link: MarkedLink
}

/** What follows from the graph as it is. `laggedOnly`: only of links with a lag. Changes nothing but what is known from tests. */
export type Rule = (run: Run, laggedOnly: boolean) => Promise<Claim[]>

/** About the link from a to b, whichever is earlier. */
export function claim({ space }: Run, a: NodeCode, b: NodeCode, link: MarkedLink): Claim {
  const back = space.back[a]! - space.back[b]!
  const [i, j] = [space.variable[a]!, space.variable[b]!]
  return back >= 0 ? { i, back, j, link } : { i: j, back: -back, j: i, link: MIRROR[link]! }
}
