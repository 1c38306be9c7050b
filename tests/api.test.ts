/** The frozen public API: what each package exports, with types. A change is a decision: `npx node scripts/api.ts --write`. */
import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { apiPath, describeApi, packageNames } from '../scripts/api.ts'

const names = packageNames()
let described: Map<string, string>

beforeAll(() => {
  described = describeApi(names)
}, 120_000)

describe('public API', () => {
  it.each(names)('%s exports what its api.txt says', (name) => {
    const frozen = existsSync(apiPath(name)) ? readFileSync(apiPath(name), 'utf8') : '(no api.txt)'
    expect(described.get(name), 'if meant, run: npx node scripts/api.ts --write').toBe(frozen)
  })

  it('describes functions, classes, interfaces and constants of core', () => {
    const text = described.get('core')!
    expect(text).toContain('function random(seed: number): Random')
    expect(text).toContain('class InputError extends EcotopeError {')
    expect(text).toContain('interface Random {')
    expect(text).not.toContain('import("')
    expect(text).not.toContain('/**')
  })
})
