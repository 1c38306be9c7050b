/** How one kind of step is carried out: in units that any thread may take, in any order. */
import type { StepKind, StepOf } from '../steps.ts'
import type { Registry } from '../wasm/registry.ts'
import type { Room } from './room.ts'

/** Names of kernels by what they are for. */
export type Names = Readonly<Record<string, string>>

export interface Executor<K extends StepKind> {
  /** Makes the kernels that it calls. */
  kernels(step: StepOf<K>, registry: Registry): Names
  /** Numbers of working space per thread. */
  scratch(step: StepOf<K>): number
  units(step: StepOf<K>): number
  bind(step: StepOf<K>, room: Room, names: Names): (unit: number) => void
}

/** Numbers of an area with a gap behind it, so that areas do not share the cache's sets. */
export const area = (numbers: number): number => Math.ceil(numbers / 16) * 16 + 16

/** Addresses of areas one behind the other, the last their end. */
export function areas(start: number, sizes: readonly number[]): number[] {
  const at = [start]
  for (const size of sizes) at.push(at[at.length - 1]! + area(size))
  return at
}

export const areasSize = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + area(size), 0)
