/** What the page runs: a network on the image engine, on numbers that Node can make too. */
import { firstValues, hashed, unet, unetTree } from '../../../../oracles/tensor/unet.ts'
import { createRunner, type RunnerOptions, trace } from '../../src/index.ts'
import { planInference } from '../../src/inference/choose.ts'

const options = { bands: 4, classes: 3, base: 32, levels: 3, activation: 'silu' } as const
const shape = [1, 4, 100, 84] as const

export interface Outcome {
  readonly planned: boolean
  readonly numbers: readonly number[]
}

/** The logits of a U-Net that is large enough for the engine. */
export async function segment(settings: Pick<RunnerOptions, 'device' | 'threads' | 'exact'>): Promise<Outcome> {
  const tree = unetTree(options)
  const parameters = firstValues(tree, 5)
  const program = trace((p, { x }) => ({ y: unet(p as never, x!, options.activation) }), {
    parameters: tree,
    inputs: { x: { shape } },
  })
  const names = { inputs: { x: 'x' }, outputs: { y: 'y' } }
  const plan = planInference(program, parameters, { ...names, device: 'wasm', threads: 1 })
  const runner = await createRunner(program, { ...settings, parameters })
  const { y } = await runner.run({ x: hashed(4 * 100 * 84, 6) })
  await runner.close()
  return { planned: plan !== undefined, numbers: [...y!.data] }
}
