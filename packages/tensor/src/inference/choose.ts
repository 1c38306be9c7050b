/** Whether the image engine runs a program, or ONNX Runtime does. */
import { assemble, defineFunction, integers } from '../linalg/wasm/assembler.ts'
import { type Tensor, topological } from '../primitive.ts'
import { sizeOf } from '../shape.ts'
import type { Program } from '../trace.ts'
import { Unsupported } from './layout.ts'
import { bytesOf } from './memory.ts'
import { type PlanNames, planProgram } from './plan.ts'
import { rules } from './rules/index.ts'
import { elsewhere } from './rules/rule.ts'
import type { Plan } from './steps.ts'
import { f32x4 } from './wasm/f32x4.ts'

/** Devices on which the engine runs: the processor, in Node and in a page. */
export type EngineDevice = 'cpu' | 'wasm'

export interface PlanOptions extends PlanNames {
  readonly device: EngineDevice
  readonly threads: number
  /** Where a plan needs more, ONNX Runtime is asked. */
  readonly memoryLimitBytes?: number
}

/** Kernels compare addresses as signed numbers. */
const ADDRESSES = 2 ** 31

/** The plan of a program with fixed weights; undefined where the engine lacks a primitive, or would be slower. */
export function planInference(program: Program, parameters: Float32Array, options: PlanOptions): Plan | undefined {
  const nodes = topological(Object.values(program.outputs))
  if (!pays(nodes, options.device) || !isPlannable(nodes) || !fuses()) return undefined
  try {
    const plan = planProgram(program, parameters, options)
    const limit = Math.min(ADDRESSES, options.memoryLimitBytes ?? ADDRESSES)
    return bytesOf(plan, options.threads) <= limit ? plan : undefined
  } catch (cause) {
    if (cause instanceof Unsupported) return undefined
    throw cause
  }
}

const leaves: ReadonlySet<string> = new Set(['input', 'parameter', 'constant'])

/** Whether every primitive that depends on an input has a rule. */
function isPlannable(nodes: readonly Tensor[]): boolean {
  const varying = new Set<Tensor>()
  for (const node of nodes) {
    if (node.op !== 'input' && node.op !== 'random' && !node.inputs.some((input) => varying.has(input))) continue
    varying.add(node)
    if (!leaves.has(node.op) && (rules as Readonly<Record<string, unknown>>)[node.op] === elsewhere) return false
  }
  return true
}

interface Products {
  /** In convolutions that Winograd's method makes faster than ONNX Runtime's. */
  readonly reduced: number
  readonly all: number
}

/** The weights of a node, and what each of their numbers is multiplied with. */
function productsOf({ op, shape, inputs }: Tensor): number {
  const w = inputs[1]!.shape
  return op === 'conv' ? sizeOf(shape) * sizeOf(w.slice(1)) : sizeOf(inputs[0]!.shape) * sizeOf(w.slice(1))
}

const multiplying: ReadonlySet<string> = new Set(['conv', 'up2', 'convInputGrad'])

function countProducts(nodes: readonly Tensor[], pairs: number): Products {
  let [reduced, all] = [0, 0]
  for (const node of nodes) {
    if (!multiplying.has(node.op)) continue
    const products = productsOf(node)
    all += products
    if (node.op === 'conv' && isReduced(node as Tensor<'conv'>, pairs)) reduced += products
  }
  return { reduced, all }
}

function isReduced({ inputs, attributes }: Tensor<'conv'>, pairs: number): boolean {
  const { stride, dilation, groups } = attributes
  const [o, i, ...kernel] = inputs[1]!.shape
  const dense = groups === 1 && [...stride, ...dilation].every((n) => n === 1)
  return dense && kernel.join() === '3,3' && o! * i! >= pairs
}

interface Threshold {
  /** Pairs of channels of a convolution from which the transforms are paid for. */
  readonly pairs: number
  /** Products of a program below which starting its steps on several threads costs more than is won. */
  readonly products: number
  /** Of all products so many must be in convolutions that gain. */
  readonly share: number
}

/**
 * Measured by bench/tensor/inference.ts on two cores. Node: ONNX Runtime multiplies vectors of 512 bits, WebAssembly of
 * 128; two layers of 64 channels on 64 x 64 pixels take 0.8 of its time, 128 on 256 x 256 0.7, 32 channels 0.9 to 1.1,
 * fewer, or 1 x 1, up to twice as much. In a page both are WebAssembly: 0.25 to 0.6 from 16 channels on 128 x 128 on.
 */
const thresholds: Readonly<Record<EngineDevice, Threshold>> = {
  cpu: { pairs: 2048, products: 2e8, share: 0.6 },
  wasm: { pairs: 256, products: 5e7, share: 0.3 },
}

function pays(nodes: readonly Tensor[], device: EngineDevice): boolean {
  const { pairs, products, share } = thresholds[device]
  const { reduced, all } = countProducts(nodes, pairs)
  return reduced >= products && reduced >= share * all
}

let fused: boolean | undefined

/** Whether this engine of WebAssembly has fused products (relaxed SIMD); without them ONNX Runtime is faster. */
function fuses(): boolean {
  fused ??= WebAssembly.validate(
    assemble(
      [
        defineFunction('fused', integers('at'), undefined, ({ at }) => {
          const x = f32x4.load(at.get)
          return f32x4.store(at.get, f32x4.relaxedMadd(x, x, x))
        }),
      ],
      { maximum: 1, shared: false },
    ),
  )
  return fused
}
