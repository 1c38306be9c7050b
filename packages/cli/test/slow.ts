/** The command line with one slow step, for signals: `node slow.ts FOLDER [deaf|quick]`. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { throwIfAborted } from '@ecotope/core'
import type { Process } from '@ecotope/run'
import { runProcess } from '../src/process.ts'

const [, , folder = '.', kind] = process.argv

const work: Process = {
  id: 'work',
  version: '1',
  spec: { id: 'work', description: 'Works.', parameters: [], returns: { schema: {} } },
  run: async (_, { signal }) => {
    // `deaf` stands for native code that does not look at the signal.
    for (let i = 0; i < (kind === 'quick' ? 1 : 6000); i++) {
      if (kind !== 'deaf') throwIfAborted(signal)
      await wait(10)
    }
    return null
  },
}

const recipe = { id: 'slow', process_graph: { work: { process_id: 'work', arguments: {}, result: true } } }
await writeFile(join(folder, 'slow.json'), JSON.stringify(recipe))
await runProcess(['run', join(folder, 'slow.json'), '--out', join(folder, 'out')], {
  processes: [work],
  publish: async () => ({ files: [], summary: [] }),
  predict: async () => ({ files: [], summary: [] }),
})
