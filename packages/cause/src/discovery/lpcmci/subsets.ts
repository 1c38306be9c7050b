/** Subsets of a list by size, in lexicographic order of positions. */

/** Yields each subset of `size` items; `most`: no more than so many. Each is a new list. */
export function* subsets<T>(items: readonly T[], size: number, most = Number.POSITIVE_INFINITY): Generator<T[]> {
  if (size > items.length || most < 1) return
  const at = Array.from({ length: size }, (_, position) => position)
  for (let made = 0; made < most; made++) {
    yield at.map((position) => items[position]!)
    let turn = size - 1
    while (turn >= 0 && at[turn] === items.length - size + turn) turn--
    if (turn < 0) return
    at[turn]!++
    for (let next = turn + 1; next < size; next++) at[next] = at[next - 1]! + 1
  }
}
