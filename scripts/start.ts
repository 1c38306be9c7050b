/** `npm start`: makes the tutorial scene where it is missing and runs the landslide recipe on it. */
import { access } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeLandslideScene } from '@ecotope/run'
import { application } from '../packages/cli/src/application.ts'
import { runProcess } from '../packages/cli/src/process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const SEED = 1
const scene = join('out', 'landslides-scene')
const files = ['dem.tif', 'rapideye.tif', 'scars.geojson'].map((name) => join(scene, name)) as [string, string, string]

process.chdir(root)
const present = await Promise.all(
  files.map((file) =>
    access(file).then(
      () => true,
      () => false,
    ),
  ),
)
if (present.includes(false)) {
  process.stderr.write(`Making the tutorial scene in ${scene} (simulated, seed ${SEED}) ...\n`)
  await makeLandslideScene(scene, { seed: SEED })
}
const [dem, image, scars] = files.map((file) => relative(root, join(root, file))) as [string, string, string]
await runProcess(
  [
    'run',
    'recipes/landslides',
    '--features',
    `${dem},${image}`,
    '--labels',
    scars,
    '--param',
    'simulated=true',
    '--out',
    join('out', 'landslides'),
    ...process.argv.slice(2),
  ],
  application,
)
