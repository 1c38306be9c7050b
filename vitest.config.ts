import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Half a minute and more each, longest first: begun last, one of them would keep a single core busy at the end. */
const longest = [
  'packages/tensor/test/browser.test.ts',
  'tests/docs.test.ts',
  'packages/belief/test/distributions.test.ts',
  'packages/tensor/test/onnx/import.test.ts',
  'packages/run/test/scene/scene.test.ts',
  'packages/cli/test/bad-input.test.ts',
  'tests/somalia.test.ts',
  'packages/tensor/test/gradient.test.ts',
  'packages/run/test/segmentation/end-to-end.test.ts',
  'packages/tensor/test/networks.test.ts',
  'packages/cube/test/plan/resume.test.ts',
  'packages/tensor/test/programs.test.ts',
  'packages/tensor/test/node-devices.test.ts',
  'packages/cli/test/process.test.ts',
  'packages/tensor/test/nn/oracle.test.ts',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((path) => moduleId.endsWith(`/${path}`))
      return at < 0 ? longest.length : at
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

// Hundreds of processes load the same modules: compiled once for all, those too that the tests start.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.ecotope', 'compiled')

// biome-ignore lint/style/noDefaultExport: Vitest reads its configuration from the default export.
export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'tests/**/*.test.ts', 'recipes/**/*.test.ts'],
    setupFiles: ['tests/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Node runs TypeScript itself.
    experimental: { viteModuleRunner: false },
  },
})
