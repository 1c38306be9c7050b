/** The kernels as one WebAssembly module, made in memory: with fused products where the engine knows relaxed SIMD. */
import { assemble } from './assembler.ts'
import { factorFunctions } from './factors.ts'
import { gemmFunctions, type Tiles, tilesFor } from './gemm.ts'
import { vectorFunctions } from './vectors.ts'

/** The exports of the module: addresses and strides in bytes, counts in numbers of float64. */
export interface Kernels {
  gemm(
    m: number,
    n: number,
    k: number,
    alpha: number,
    a: number,
    rowA: number,
    columnA: number,
    b: number,
    rowB: number,
    columnB: number,
    c: number,
    rowC: number,
    accumulate: number,
    shift: number,
    work: number,
  ): void
  dot(n: number, x: number, y: number): number
  axpy(n: number, alpha: number, x: number, y: number): void
  scale(n: number, alpha: number, x: number): void
  combine(
    m: number,
    n: number,
    x: number,
    rowX: number,
    y: number,
    rowY: number,
    z: number,
    rowZ: number,
    sign: number,
  ): void
  rotate(n: number, x: number, y: number, c: number, s: number): void
  timesVector(m: number, n: number, alpha: number, a: number, row: number, x: number, y: number): void
  transposeTimesVector(m: number, n: number, alpha: number, a: number, row: number, x: number, y: number): void
  symmetricTimesVector(n: number, a: number, row: number, x: number, y: number): void
  solveRows(
    n: number,
    columns: number,
    t: number,
    rowT: number,
    columnT: number,
    unit: number,
    b: number,
    row: number,
  ): void
  solveColumns(
    n: number,
    columns: number,
    t: number,
    rowT: number,
    columnT: number,
    unit: number,
    b: number,
    row: number,
    step: number,
  ): void
  smallCholesky(n: number, a: number, row: number): number
}

/** 64 KiB pages: all that 32-bit addresses reach. */
export const maximumPages = 65536

export interface KernelModule {
  readonly module: WebAssembly.Module
  readonly tiles: Tiles
}

/** @param fused undefined asks the engine whether it knows relaxed SIMD. */
export function buildKernels(shared: boolean, fused?: boolean): KernelModule {
  const bytes = (withFused: boolean): Uint8Array<ArrayBuffer> => {
    const functions = gemmFunctions(tilesFor(withFused))
    const all = [...functions, ...vectorFunctions(withFused), ...factorFunctions(withFused, functions.length)]
    return assemble(all, { maximum: maximumPages, shared })
  }
  const relaxed = fused ?? WebAssembly.validate(bytes(true))
  return { module: new WebAssembly.Module(bytes(relaxed)), tiles: tilesFor(relaxed) }
}

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels
}
