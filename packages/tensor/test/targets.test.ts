import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine } from '../src/run/engine.ts'
import { cases } from './cases/index.ts'
import { type TargetName, targetOf, testEngine, traceCase, worstError } from './support.ts'

const targets: readonly TargetName[] = ['node-cpu', 'node-cpu, fixed', 'node-cpu, exact', 'portable']

describe.each(targets)('value and gradient in ONNX Runtime, target %s, equal the float64 reference', (name) => {
  let engine: Engine
  beforeAll(() => {
    engine = testEngine()
  })
  afterAll(() => engine.close())

  test.each(Object.entries(cases))('%s', async (_, list) => {
    const target = await targetOf(engine, name)
    for (const c of list) expect(await worstError(engine, target, traceCase(c))).toBeLessThan(3e-6)
  })
})
