import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { VERSION } from '../src/index.ts'

const packages = new URL('../../', import.meta.url)

test.each(readdirSync(packages))('package %s has the version that results name', (name) => {
  const { version } = JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8')) as { version: string }
  expect(version).toBe(VERSION)
})
