/** A run that is killed by its test: `node killed.ts STORE`. Two steps, the second with checkpoints. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Process, parseRecipe, runRecipe } from '../src/index.ts'

const spec = (id: string, names: string[]): Process['spec'] => ({
  id,
  description: id,
  parameters: names.map((name) => ({ name, description: name, schema: {} })),
  returns: { schema: {} },
})

const prepare: Process = {
  id: 'prepare',
  version: '1',
  spec: spec('prepare', []),
  run: async () => 6,
}

const train: Process = {
  id: 'train',
  version: '1',
  spec: spec('train', ['data']),
  run: async ({ data }, context) => {
    const epochs = Number(context.step(data).value)
    const checkpoint = join(context.directory, 'checkpoint')
    const from = Number(await readFile(checkpoint, 'utf8').catch(() => '0'))
    for (let epoch = from + 1; epoch <= epochs; epoch++) {
      await writeFile(`${checkpoint}.new`, String(epoch))
      await rename(`${checkpoint}.new`, checkpoint)
      console.log(`epoch ${epoch}`)
      // Long enough for the test to kill the first attempt here; nothing is measured.
      if (from === 0 && epoch === 3) await wait(60_000)
    }
    return { epochs, from }
  },
}

const recipe = parseRecipe(
  {
    id: 'killed',
    process_graph: {
      prepare: { process_id: 'prepare', arguments: {} },
      train: { process_id: 'train', arguments: { data: { from_node: 'prepare' } }, result: true },
    },
  },
  { directory: '.' },
)

const done = await runRecipe(
  recipe,
  {},
  {
    processes: [prepare, train],
    store: process.argv[2]!,
    onStep: ({ node, state }) => console.log(node, state),
  },
)
console.log(JSON.stringify({ value: done.value }))
