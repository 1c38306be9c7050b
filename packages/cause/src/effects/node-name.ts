/** Nodes as people write them: `nino34@-2` is the variable nino34 two steps ago. */
import { InputError, nearest } from '@ecotope/core'
import type { Node } from '../series/series.ts'

export type NodeLike = Node | string

/**
 * A node from its name and lag; without `@` the lag is 0. Names may hold `@` themselves.
 * Throws `InputError` UnknownVariable (with the nearest name), BadLag.
 */
export function parseNode(text: string, names: readonly string[]): Node {
  const whole = names.indexOf(text)
  if (whole >= 0) return [whole, 0]
  const at = text.lastIndexOf('@')
  const name = at < 0 ? text : text.slice(0, at)
  const lagText = at < 0 ? '0' : text.slice(at + 1).trim()
  const variable = names.indexOf(name.trim())
  if (variable < 0) {
    const near = nearest(name, names)
    throw new InputError('UnknownVariable', `${text}: there is no variable ${name}`, {
      hint: near ? `Did you mean ${near}?` : `Variables are ${names.join(', ')}.`,
      data: { text, name },
    })
  }
  const lag = Number(lagText)
  if (lagText === '' || !Number.isInteger(lag) || lag > 0)
    throw new InputError('BadLag', `${text}: the lag ${lagText || '(empty)'} is not a whole number of steps back`, {
      hint: `Lags count back from the present: write ${name}@0, ${name}@-1, ...`,
      data: { text },
    })
  return [variable, lag === 0 ? 0 : lag]
}

export const toNode = (node: NodeLike, names: readonly string[]): Node =>
  typeof node === 'string' ? parseNode(node, names) : node
