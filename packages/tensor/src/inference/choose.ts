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

export interface PlanOptions extends PlanNames {
  readonly threads: number
  /** Where a plan needs more, ONNX Runtime is asked. */
  readonly memoryLimitBytes?: number
}

/** All that 32-bit addresses reach. */
const ADDRESSES = 2 ** 32 - 2 ** 20

/** The plan of a program with fixed weights; undefined where the engine lacks a primitive, or would be slower. */
export function planInference(program: Program, parameters: Float32Array, options: PlanOptions): Plan | undefined {
  const nodes = topological(Object.values(program.outputs))
  if (!isPlannable(nodes) || !pays(nodes) || !fuses()) return undefined
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

/** Products of 3 x 3 convolutions of stride 1, which Winograd's method reduces to a quarter, and of all others. */
function productsOf(nodes: readonly Tensor[]): { readonly reduced: number; readonly others: number } {
  let [reduced, others] = [0, 0]
  for (const node of nodes) {
    if (node.op !== 'conv' && node.op !== 'up2' && node.op !== 'convInputGrad') continue
    const w = node.inputs[1]!.shape
    if (node.op !== 'conv') others += sizeOf(node.inputs[0]!.shape) * sizeOf(w.slice(1))
    else if (isReduced(node as Tensor<'conv'>)) reduced += sizeOf(node.shape) * sizeOf(w.slice(1))
    else others += sizeOf(node.shape) * sizeOf(w.slice(1))
  }
  return { reduced, others }
}

function isReduced({ inputs, attributes: { stride, dilation, groups } }: Tensor<'conv'>): boolean {
  const [, , ...kernel] = inputs[1]!.shape
  return (
    kernel.length === 2 && groups === 1 && [...stride, ...dilation].every((n) => n === 1) && kernel.join() === '3,3'
  )
}

/** Products below which starting steps and threads costs more than is won. */
const LEAST_PRODUCTS = 2e8
/** At half the processor's speed and a quarter of the products, so much of the work must be 3 x 3. */
const LEAST_SHARE = 0.6

function pays(nodes: readonly Tensor[]): boolean {
  const { reduced, others } = productsOf(nodes)
  return reduced >= LEAST_PRODUCTS && reduced / (reduced + others) >= LEAST_SHARE
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
