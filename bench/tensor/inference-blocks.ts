/**
 * Blocks of a network (two convolutions, perhaps with norms and activations) on the image engine and in ONNX Runtime,
 * two threads each. Runs in Node and in a page.
 */
import { random } from '../../packages/core/src/index.ts'
import {
  constantInit,
  conv2d,
  groupNorm,
  heNormal,
  initialise,
  type Program,
  parameter,
  trace,
} from '../../packages/tensor/src/index.ts'
import { planProgram } from '../../packages/tensor/src/inference/plan.ts'
import { lowerProgram } from '../../packages/tensor/src/lower/lower.ts'
import { encodeModel } from '../../packages/tensor/src/onnx/encode.ts'
import { openEngine } from '../../packages/tensor/src/run/engine.ts'
import { sizeOf } from '../../packages/tensor/src/shape.ts'

interface Setting {
  readonly name: string
  readonly channels: number
  readonly size: number
  readonly kernel: number
  readonly norm: boolean
}

export const settings: readonly Setting[] = [8, 16, 32, 64, 128].flatMap((channels) =>
  [16, 32, 64, 128, 256].flatMap((size) =>
    [
      { kernel: 3, norm: true },
      { kernel: 3, norm: false },
      { kernel: 1, norm: true },
    ].map(({ kernel, norm }) => {
      return {
        name: `${kernel}x${kernel} ${channels} ${size} ${norm ? 'norm' : 'plain'}`,
        channels,
        size,
        kernel,
        norm,
      }
    }),
  ),
)

function programOf({ channels, size, kernel, norm }: Setting): { program: Program; parameters: Float32Array } {
  const layer = {
    w: parameter([channels, channels, kernel, kernel], heNormal()),
    scale: parameter([channels], constantInit(1)),
    bias: parameter([channels], constantInit(0)),
  }
  const tree = { a: layer, b: layer }
  const program = trace(
    (p, { x }) => {
      const y = [p.a, p.b].reduce((z, q) => {
        const conv = conv2d(z, q.w, { bias: q.bias })
        return norm ? groupNorm(conv, q.scale, q.bias, { groups: 8, activation: 'relu' }) : conv
      }, x!)
      return { y }
    },
    { parameters: tree, inputs: { x: { shape: [1, channels, size, size] } } },
  )
  return { program, parameters: initialise(tree, random(1)) }
}

type Once = () => Promise<void>

/** One run of each, and the end of both. */
async function open(program: Program, parameters: Float32Array): Promise<{ ours: Once; theirs: Once; close: Once }> {
  const engine = openEngine({ threads: 2 })
  const { shape } = program.inputs.x!
  const names = { inputNames: { x: 'x' }, outputNames: { y: 'y' } }
  const target = await engine.target({ exact: false, fixedWeights: true })
  const graph = lowerProgram(program, { target, parameters, ...names })
  const runtime = await engine.load(encodeModel(graph, { opset: 18 }))
  const plan = planProgram(program, parameters, { inputs: names.inputNames, outputs: names.outputNames })
  const own = await engine.loadPlan(plan)
  const data = new Float32Array(sizeOf(shape)).fill(0.5)
  const once =
    (session: number): Once =>
    async () =>
      void (await engine.run({ session, feeds: { x: { type: 'float32', data, shape } }, resident: {}, keep: {} }))
  return { ours: once(own), theirs: once(runtime), close: () => engine.close() }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

async function timed(once: Once): Promise<number> {
  const start = performance.now()
  await once()
  return performance.now() - start
}

export async function compare(setting: Setting, rounds: number): Promise<string> {
  const { program, parameters } = programOf(setting)
  const { ours, theirs, close } = await open(program, parameters)
  const samples = { ours: [] as number[], theirs: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    samples.ours.push(await timed(ours))
    samples.theirs.push(await timed(theirs))
  }
  await close()
  const [a, b] = [median(samples.ours.slice(3)), median(samples.theirs.slice(3))]
  const products = (2 * setting.channels ** 2 * setting.kernel ** 2 * setting.size ** 2) / 1e6
  return `${setting.name.padEnd(22)} ${products.toFixed(1).padStart(8)} M  ${a.toFixed(2)} ${b.toFixed(2)}  ${(a / b).toFixed(2)}`
}
