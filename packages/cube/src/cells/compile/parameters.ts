/** Parameters of a kernel: 32-bit numbers at the start of its memory that say where a tile and its inputs lie. */
import type { Region } from '../../model/region.ts'

/** A box of cells in a kernel's memory. */
export interface Spread {
  /** Bytes from the start of the memory. */
  readonly address: number
  /** Cells from neighbour to neighbour, per dimension. */
  readonly strides: readonly number[]
  /** Cells in all, gaps included. */
  readonly length: number
  readonly cellBytes: number
  /** Of the first cell, per dimension. */
  readonly start: readonly number[]
}

/** What one run of a kernel computes, and from what. */
export interface Running {
  readonly tile: Region
  readonly output: Spread
  /** An input of which the tile reads nothing is undefined: it points at the static part, all strides 0. */
  readonly inputs: readonly (Spread | undefined)[]
}

/** Gives a parameter of a run. */
export type Parameter = (run: Running) => number

/** Where the cell with index 0 in every dimension would lie. */
function baseOf({ address, strides, cellBytes, start }: Spread): number {
  let base = address
  for (let d = 0; d < start.length; d++) base -= start[d]! * strides[d]! * cellBytes
  return base
}

const strideOf = ({ strides, cellBytes }: Spread, d: number): number => (strides[d] ?? 0) * cellBytes

/** By name, `#` standing for a dimension; of inputs without what stands before. */
const OF_TILES: Readonly<Record<string, (d: number) => Parameter>> = {
  'start #': (d) => (run) => run.tile.start[d]!,
  'end #': (d) => (run) => run.tile.start[d]! + run.tile.shape[d]!,
  'output stride #': (d) => (run) => strideOf(run.output, d),
  'output base': () => (run) => baseOf(run.output),
}

const OF_INPUTS: Readonly<Record<string, (spread: Spread, d: number) => number>> = {
  base: baseOf,
  low: ({ address }) => address,
  high: ({ address, length, cellBytes }) => address + length * cellBytes,
  'stride #': strideOf,
}

/** The parameter of a name that a compiled kernel asks for. */
export function parameterOf(name: string): Parameter {
  const [, input, rest] = /^input (\d+) (.*)$/.exec(name) ?? [undefined, undefined, name]
  const d = Number(/\d+$/.exec(rest!)?.[0] ?? 0)
  const key = rest!.replace(/\d+$/, '#')
  const ofTile = OF_TILES[key]
  if (input === undefined && ofTile !== undefined) return ofTile(d)
  const ofInput = OF_INPUTS[key]
  if (input === undefined || ofInput === undefined) throw new Error(`a kernel asks for '${name}', which no run gives`)
  const i = Number(input)
  return (run) => {
    const spread = run.inputs[i]
    return spread === undefined ? 0 : ofInput(spread, d)
  }
}
