import { afterAll, describe, expect, test } from 'vitest'
import { startHelper } from '#linalg-threads'
import { cholesky, matmul, release, setThreads, syrk, threads } from '../../src/linalg/index.ts'
import { helpersOn, serveKernels } from '../../src/linalg/threads/helpers.ts'
import { openEngine } from '../../src/linalg/workspace.ts'
import { eps, expectClose, randomMatrix, thrown, times } from './support.ts'

afterAll(release)

test('the bytes do not depend on the number of threads', async () => {
  const [a, b] = [randomMatrix(331, 287, 1), randomMatrix(287, 405, 2)]
  const results = []
  for (const count of [1, 2, 3]) {
    await setThreads(count)
    expect(threads()).toBe(count)
    const square = syrk(a)
    for (let i = 0; i < 331; i++) square.data[i * 332]! += 1
    results.push([matmul(a, b), square, cholesky(square).lower])
  }
  expect(results[1]).toEqual(results[0])
  expect(results[2]).toEqual(results[0])
  expectClose(results[0]![0]!, times(a, b), 4 * 287 * eps)
})

test('release ends the helpers; one thread goes on', async () => {
  await setThreads(2)
  release()
  expect(threads()).toBe(1)
  const a = randomMatrix(300, 300)
  expectClose(matmul(a, a), times(a, a), 1e-12)
})

test('many calls in a row', async () => {
  await setThreads(2)
  const a = randomMatrix(200, 200)
  const first = matmul(a, a)
  for (let i = 0; i < 300; i++) expect(matmul(a, a).data[i]).toBe(first.data[i])
})

test('numbers of threads that make no sense', async () => {
  await expect(setThreads(0)).rejects.toMatchObject({ tag: 'InvalidThreads' })
  await expect(setThreads(1.5)).rejects.toMatchObject({ tag: 'InvalidThreads' })
  expect(thrown(() => matmul(randomMatrix(1, 2), randomMatrix(1, 2))).tag).toBe('ShapeMismatch')
})

describe('the protocol of the helpers', () => {
  function rig() {
    const engine = openEngine(true)
    let stopped = 0
    const helpers = helpersOn(engine.memory, 1, () => stopped++)
    const state = new Int32Array(engine.memory.buffer, 0, 1)
    return { engine, helpers, state, stops: () => stopped }
  }

  test('a posted call is run by whoever serves the slot, then the helper is free again', async () => {
    const { engine, helpers, stops } = rig()
    const heap = new Float64Array(engine.memory.buffer)
    const [a, x, y] = [1000, 2000, 3000]
    heap.set([1, 2, 3, 4], a)
    heap.set([1, 10], x)
    const stop = await startHelper({ module: engine.source.module, memory: engine.memory, slot: 0 })
    for (let time = 1; time <= 3; time++) {
      helpers.post(0, 'timesVector', [2, 2, 1, a * 8, 16, x * 8, y * 8])
      helpers.await(0)
      expect([heap[y], heap[y + 1]]).toEqual([21 * time, 43 * time])
    }
    helpers.close()
    expect(stops()).toBe(1)
    stop()
  })

  test('a kernel that traps is an error of the caller, not a wait without end', async () => {
    const { engine, helpers } = rig()
    const stop = await startHelper({ module: engine.source.module, memory: engine.memory, slot: 0 })
    helpers.post(0, 'timesVector', [1, 1, 1, 2 ** 31, 8, 2 ** 31, 2 ** 31])
    expect(() => helpers.await(0)).toThrow('a helper thread failed')
    helpers.close()
    stop()
  })

  test('a closed slot ends the service', () => {
    const { engine, helpers, state } = rig()
    helpers.close()
    expect(state[0]).not.toBe(0)
    serveKernels({ module: engine.source.module, memory: engine.memory, slot: 0 })
  })
})
