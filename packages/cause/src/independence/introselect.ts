/**
 * Selection and sorting by partitions around medians of three (Musser 1997), in the steps of the C++ library of GCC: equal
 * values end where its `nth_element` and `sort` leave them.
 */

type Compare = (a: number, b: number) => boolean

function swap(items: Int32Array, i: number, j: number): void {
  const held = items[i]!
  items[i] = items[j]!
  items[j] = held
}

/** The place, of three, that holds the middle value. */
function middleOf(items: Int32Array, a: number, b: number, c: number, less: Compare): number {
  const before = (i: number, j: number): boolean => less(items[i]!, items[j]!)
  if (before(a, b)) return before(b, c) ? b : before(a, c) ? c : a
  return before(a, c) ? a : before(b, c) ? c : b
}

/** Parts the items around a median of three; where the second part begins. */
function part(items: Int32Array, from: number, to: number, less: Compare): number {
  swap(items, from, middleOf(items, from + 1, from + ((to - from) >> 1), to - 1, less))
  const pivot = items[from]!
  let [first, last] = [from + 1, to]
  for (;;) {
    while (less(items[first]!, pivot)) first++
    last--
    while (less(pivot, items[last]!)) last--
    if (first >= last) return first
    swap(items, first, last)
    first++
  }
}

function insertionSort(items: Int32Array, from: number, to: number, less: Compare): void {
  for (let i = from + 1; i < to; i++) {
    const item = items[i]!
    let j = i
    while (j > from && less(item, items[j - 1]!)) {
      items[j] = items[j - 1]!
      j--
    }
    items[j] = item
  }
}

/** Orders `items[from .. to)` so far that those before `nth` have no larger value, and those behind no smaller one. */
export function selectMedian(
  items: Int32Array,
  from: number,
  nth: number,
  to: number,
  value: (item: number) => number,
): void {
  const less: Compare = (a, b) => value(a) < value(b)
  let [first, last] = [from, to]
  // Partitions that keep failing to halve end in a sort, as theirs end in a heap: only the order of equals may differ.
  for (let turns = 2 * (31 - Math.clz32(to - from)); last - first > 3; turns--) {
    if (turns === 0) {
      items.subarray(first, last).sort((a, b) => value(a) - value(b))
      return
    }
    const cut = part(items, first, last, less)
    if (cut <= nth) first = cut
    else last = cut
  }
  insertionSort(items, first, last, less)
}

/** Ranges up to this length are left to insertions at the end. */
const SHORT = 16

function partUntilShort(items: Int32Array, from: number, to: number, turns: number, less: Compare): void {
  let last = to
  for (let left = turns; last - from > SHORT; left--) {
    if (left === 0) {
      // As above: theirs is a heap sort.
      items.subarray(from, last).sort((a, b) => (less(a, b) ? -1 : less(b, a) ? 1 : 0))
      return
    }
    const cut = part(items, from, last, less)
    partUntilShort(items, cut, last, left - 1, less)
    last = cut
  }
}

/** Orders `items[from .. to)` by their values. */
export function sortItems(items: Int32Array, from: number, to: number, value: (item: number) => number): void {
  if (to - from < 2) return
  const less: Compare = (a, b) => value(a) < value(b)
  partUntilShort(items, from, to, 2 * (31 - Math.clz32(to - from)), less)
  insertionSort(items, from, to, less)
}
