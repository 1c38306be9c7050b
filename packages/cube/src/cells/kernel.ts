/**
 * Kernels: a cell made ready to compute regions of a cube from blocks of its inputs. Modules are cached by structure
 * and packings; where a task lies and how long it is are parameters of a run.
 */
import type { Block } from '../model/block.ts'
import type { CubeSchema } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'
import type { Cell } from './cell.ts'
import { compileProgram, type Program } from './compile/program.ts'
import { type Placed, ProgramRunner } from './compile/runner.ts'
import { interpret } from './interpret.ts'
import { type Access, accessesOf, regionsOf } from './needs.ts'
import { CellTable } from './structure.ts'

export type { Placed }

export interface KernelInput {
  readonly schema: CubeSchema
}

export interface KernelOutput {
  readonly schema: CubeSchema
}

export interface Kernel {
  /**
   * Computes a region of the output. `inputs` are blocks that cover what `inputRegions` says; undefined is missing
   * everywhere. Synchronous; the block is new.
   */
  run(region: Region, inputs: readonly (Block | undefined)[], placed?: Placed): Block
  /**
   * Room in the kernel's memory for whole blocks of these regions of inputs, which spares copying them there: to be
   * filled and given to the next `run`, without another one between. undefined where there is none.
   */
  place?(regions: readonly (Region | undefined)[]): Placed | undefined
  /** Bytes beyond inputs and output while `run` works. */
  scratchBytes(region: Region): number
  /** One line for people: how it computes. */
  describe(): string
}

interface Compiled {
  readonly program: Program
  readonly module: WebAssembly.Module
  /** The last one that was made, with its memory: nodes of the same structure share it as long as one of them lives. */
  runner?: WeakRef<ProgramRunner>
}

/** The least recently used of more modules than this are forgotten. */
const CACHED_MODULES = 64
const modules = new Map<string, Compiled>()

/** What a module depends on: dimensions by name and length (which decides on the vector), packings, the cell. */
function keyOf(cell: Cell, inputs: readonly CubeSchema[], output: CubeSchema): string {
  const schemas = [output, ...inputs].map(({ dims, packing }) => [
    dims.map(({ name, labels }) => `${name}:${labels.length}`),
    Object.entries(packing).map(([name, value]) => `${name}=${value}`),
  ])
  return `${JSON.stringify(schemas)}|${new CellTable().keyOf(cell)}`
}

/** undefined where the expression is larger than the engine (or the assembler) takes. */
function compiled(cell: Cell, inputs: readonly CubeSchema[], output: CubeSchema): Compiled | undefined {
  const key = keyOf(cell, inputs, output)
  const known = modules.get(key)
  if (known !== undefined) {
    modules.delete(key)
    modules.set(key, known)
    return known
  }
  try {
    const program = compileProgram(cell, inputs, output)
    const made: Compiled = { program, module: new WebAssembly.Module(program.bytes) }
    modules.set(key, made)
    if (modules.size > CACHED_MODULES) modules.delete(modules.keys().next().value!)
    return made
  } catch (error) {
    if (error instanceof RangeError || error instanceof WebAssembly.CompileError) return undefined
    throw error
  }
}

/** Whether a block that a region needs is not there; only the interpreter takes it as missing. */
function lacks(
  accesses: readonly Access[],
  region: Region,
  blocks: readonly (Block | undefined)[],
  placed: Placed | undefined,
): boolean {
  const isThere = (i: number): boolean => blocks[i] !== undefined || placed?.places[i] !== undefined
  if (blocks.every((_, i) => isThere(i))) return false
  return regionsOf(accesses, blocks.length, region).some((box, i) => box !== undefined && !isThere(i))
}

/** A kernel that evaluates cell by cell, for expressions beyond what one function of WebAssembly may hold. */
function interpretedKernel(cell: Cell, inputs: readonly CubeSchema[], output: CubeSchema): Kernel {
  return {
    run: (region, blocks) => interpret(cell, inputs, output, region, blocks),
    scratchBytes: (region) => cellCount(region.shape) * 8,
    describe: () => 'interpreted, as it is too large for one WebAssembly function',
  }
}

/** Runs are synchronous, and what a runner knows of schemas and accesses is what modules depend on. */
function runnerOf(
  made: Compiled,
  inputs: readonly CubeSchema[],
  output: CubeSchema,
  accesses: readonly Access[],
): ProgramRunner {
  const known = made.runner?.deref()
  if (known !== undefined) return known
  const runner = new ProgramRunner(made.program, made.module, inputs, output, accesses)
  made.runner = new WeakRef(runner)
  return runner
}

/** The kernel of a cell, compiled to SIMD WebAssembly. */
export function kernelOf(cell: Cell, inputs: readonly KernelInput[], output: KernelOutput): Kernel {
  const schemas = inputs.map(({ schema }) => schema)
  const accesses = accessesOf(cell, output.schema, schemas)
  const made = compiled(cell, schemas, output.schema)
  if (made === undefined) return interpretedKernel(cell, schemas, output.schema)
  const { program } = made
  const runner = runnerOf(made, schemas, output.schema, accesses)
  const along = output.schema.dims[program.vector]?.name
  const width = along === undefined ? 'one cell' : `${program.group} cells along ${along}`
  return {
    run: (region, blocks, placed) =>
      lacks(accesses, region, blocks, placed)
        ? interpret(cell, schemas, output.schema, region, blocks)
        : runner.run(region, blocks, placed),
    place: (regions) => runner.place(regions),
    scratchBytes: (region) => runner.scratchBytes(region),
    describe: () => `WebAssembly, ${program.type}, ${width} at a time, ${program.bytes.length} bytes`,
  }
}
