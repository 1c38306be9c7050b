/** Neighbours in a list of indices. */
export interface Run {
  /** Where in the list it begins. */
  readonly at: number
  /** Its first index. */
  readonly start: number
  length: number
}

/** A list of indices as runs of which each index follows the one before. */
export function consecutive(indices: readonly number[]): Run[] {
  const runs: Run[] = []
  indices.forEach((index, at) => {
    const last = runs.at(-1)
    if (last !== undefined && last.start + last.length === index) last.length++
    else runs.push({ at, start: index, length: 1 })
  })
  return runs
}
