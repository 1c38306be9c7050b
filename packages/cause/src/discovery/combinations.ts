/** Subsets of a list, in lexicographic order of places. */

/** Moves to the next subset of places below `n`; false after the last. Changes its argument, which starts as 0, 1, 2, ... */
export function nextCombination(places: number[], n: number): boolean {
  const size = places.length
  for (let at = size - 1; at >= 0; at--) {
    if (places[at]! >= n - size + at) continue
    places[at]!++
    for (let next = at + 1; next < size; next++) places[next] = places[next - 1]! + 1
    return true
  }
  return false
}

/** The first subset of a size. */
export function firstCombination(size: number): number[] {
  const places = new Array<number>(size)
  for (let at = 0; at < size; at++) places[at] = at
  return places
}

/** All subsets of a list, the smaller first. */
export function* subsets<T>(list: readonly T[]): Generator<T[]> {
  for (let size = 0; size <= list.length; size++) {
    const places = firstCombination(size)
    do yield places.map((place) => list[place]!)
    while (nextCombination(places, list.length))
  }
}
