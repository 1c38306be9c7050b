/** What a step sees when it is carried out: the memory, where things lie in it, kernels, and a reader of its source. */
import { padded, type View } from '../layout.ts'
import type { Source } from '../steps.ts'
import { type FormulaKernel, formulaFunction, formulaName } from '../wasm/formula.ts'
import type { Kernel, Registry } from '../wasm/registry.ts'

export interface Room {
  readonly memory: Float32Array
  /** Where the thread's working space begins, in numbers. */
  readonly scratch: number
  kernel(name: string): Kernel
  /** Where a buffer begins, in numbers. */
  offset(buffer: number): number
  /** How many numbers it has. */
  numbers(buffer: number): number
}

/** Where a view's pixel begins, in numbers. */
export function pixelAt(room: Room, view: View, sample: number, row: number, column: number): number {
  const { n, h, w } = view.strides
  return room.offset(view.buffer) + view.offset + sample * n + row * h + column * w
}

function partKernels({ parts }: Source, pixel: number): FormulaKernel[] {
  return parts.map(({ formula, channels }) => ({ formula, channels, pixel }))
}

export function addReader(registry: Registry, source: Source, pixel: number): readonly string[] {
  return partKernels(source, pixel).map((kernel) =>
    registry.add(formulaName(kernel), (name) => formulaFunction(name, kernel)),
  )
}

/** Reads `n` pixels of a row from a column on to where numbers begin; every pixel has `pixel` numbers there. */
export type Reader = (sample: number, row: number, column: number, n: number, to: number) => void

export function bindReader(room: Room, source: Source, pixel: number): Reader {
  let start = 0
  const parts = partKernels(source, pixel).map((kernel) => {
    const at = start
    start += padded(kernel.channels)
    const { leaves } = kernel.formula
    return { run: room.kernel(formulaName(kernel)), leaves, at, operands: new Array<number>(2 + leaves.length) }
  })
  return (sample, row, column, n, to) => {
    for (const { run, leaves, at, operands } of parts) {
      operands[0] = n
      operands[1] = (to + at) * 4
      leaves.forEach((view, i) => {
        operands[2 + i] = pixelAt(room, view, sample, row, column) * 4
      })
      run(...operands)
    }
  }
}

/** A reader that may go beyond the image's borders, where everything is `fill`. */
export function bordered(room: Room, { extent }: Source, pixel: number, read: Reader, fill = 0): Reader {
  const blank = (to: number, n: number): void => {
    if (n > 0) room.memory.fill(fill, to, to + n * pixel)
  }
  return (sample, row, column, n, to) => {
    const inside = row >= 0 && row < extent.h
    const first = inside ? Math.min(n, Math.max(0, -column)) : n
    const last = Math.max(first, Math.min(n, extent.w - column))
    blank(to, first)
    if (last > first) read(sample, row, column + first, last - first, to + first * pixel)
    blank(to + last * pixel, n - last)
  }
}
