/** The rules of package directions, on small made-up packages and on this repository. */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { importsOf, type Manifest, mayImport, readPackages, violations } from '../scripts/directions.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const manifests: Record<string, Manifest> = {
  core: { name: '@ecotope/core', dependencies: [] },
  cube: { name: '@ecotope/cube', dependencies: ['@ecotope/core', 'proj4'] },
  model: { name: '@ecotope/model', dependencies: ['@ecotope/core'] },
}

function messages(pkg: string, path: string, text: string): string[] {
  return violations([{ package: pkg, path, text }], manifests).map((violation) => violation.message)
}

describe('importsOf', () => {
  it('finds static, type-only, re-exported and dynamic imports', () => {
    const text = `import a from 'a'; import type { B } from 'b'; export * from './c.ts'; const d = await import('d')`
    expect(importsOf(text)).toEqual(['a', 'b', './c.ts', 'd'])
  })

  it('ignores words in comments and strings', () => {
    expect(importsOf(`// import 'x'\nconst s = "import 'y'"`)).toEqual([])
  })
})

describe('violations', () => {
  it('allows downward imports that are declared', () => {
    expect(messages('cube', 'src/grid.ts', `import { random } from '@ecotope/core'; import 'proj4'`)).toEqual([])
    expect(messages('cube', 'src/deep/grid.ts', `import '../types.ts'`)).toEqual([])
  })

  it('forbids upward imports', () => {
    expect(messages('cube', 'src/a.ts', `import '@ecotope/model'`)[0]).toContain('may import only: core, tensor')
  })

  it('forbids undeclared dependencies, of this workspace and others', () => {
    expect(messages('model', 'src/a.ts', `import '@ecotope/cube'`)[0]).toContain('does not declare')
    expect(messages('model', 'src/a.ts', `import 'lodash/fp'`)[0]).toContain('imports lodash, which')
  })

  it('forbids paths into another package', () => {
    expect(messages('model', 'src/a.ts', `import '../../cube/src/grid.ts'`)[0]).toContain('reaches out')
    expect(messages('model', 'src/a.ts', `import '../test/helper.ts'`)[0]).toContain('reaches out')
  })

  it('keeps Node out of what browsers need', () => {
    expect(messages('core', 'src/a.ts', `import 'node:fs'`)[0]).toContain('outside src/node/')
    expect(messages('core', 'src/node/a.ts', `import 'node:fs'`)).toEqual([])
    expect(messages('cube', 'src/a.ts', `import 'node:fs'`)).toEqual([])
    expect(messages('cube', 'src/a.ts', `import 'fs'`)[0]).toContain('prefix node:')
  })

  it('forbids upward declarations and unknown packages', () => {
    const wrong = {
      core: { name: '@ecotope/core', dependencies: ['@ecotope/run'] },
      toys: { name: 't', dependencies: [] },
    }
    expect(violations([], wrong).map((violation) => violation.message)).toEqual([
      expect.stringContaining('declares @ecotope/run'),
      expect.stringContaining('no row'),
    ])
  })
})

describe('this repository', () => {
  it('follows the directions', () => {
    const { files, manifests: found } = readPackages(root)
    expect(files.length).toBeGreaterThan(5)
    expect(violations(files, found)).toEqual([])
  })

  it('has no cycle in its table', () => {
    const order = Object.keys(mayImport)
    for (const [name, below] of Object.entries(mayImport))
      for (const other of below) expect(order.indexOf(other), `${name} → ${other}`).toBeLessThan(order.indexOf(name))
  })
})
