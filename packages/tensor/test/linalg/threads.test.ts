import { afterAll, expect, test } from 'vitest'
import { cholesky, matmul, release, setThreads, syrk, threads } from '../../src/linalg/index.ts'
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
