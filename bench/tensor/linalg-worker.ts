/** Our side: one call per line on standard input. Usage: linalg-worker.ts routine n threads */

import { resourceUsage } from 'node:process'
import { createInterface } from 'node:readline'
import { hashed } from '../../oracles/tensor/unet.ts'
import { linalg } from '../../packages/tensor/src/index.ts'

const [, , routine = '', size, threads] = process.argv
const n = Number(size)
const matrix = (seed: number): linalg.Matrix => linalg.matrix(n, n, hashed(n * n, seed))
const [a, b] = [matrix(1), matrix(2)]
const positive = linalg.syrk(a, { alpha: 1 / n })
for (let i = 0; i < n; i++) positive.data[i * (n + 1)]! += 1
const symmetric = { ...a, data: a.data.map((value, i) => value + a.data[(i % n) * n + Math.floor(i / n)]!) }

const sumOf = (numbers: Float64Array): number => numbers.reduce((sum, value) => sum + Math.abs(value), 0)
const diagonalSum = ({ data }: linalg.Matrix): number =>
  data.reduce((sum, value, i) => (i % (n + 1) === 0 ? sum + Math.abs(value) : sum), 0)

/** Each does its work and returns how to make the number that is compared, outside the measured time. */
const routines: Readonly<Record<string, () => () => number>> = {
  matmul: () => {
    const made = linalg.matmul(a, b)
    return () => sumOf(made.data)
  },
  cholesky: () => {
    const { lower } = linalg.cholesky(positive)
    return () => sumOf(lower.data)
  },
  eigen: () => {
    const { values } = linalg.symmetricEigen(symmetric)
    return () => sumOf(values)
  },
  qr: () => {
    const { r } = linalg.qr(a)
    return () => diagonalSum(r)
  },
  svd: () => {
    const { values } = linalg.svd(a)
    return () => sumOf(values)
  },
  solve: () => {
    const x = linalg.solve(positive, b)
    return () => sumOf(x.data)
  },
}

await linalg.setThreads(Number(threads))
const run = routines[routine]!
for await (const _ of createInterface({ input: process.stdin })) {
  const [start, before] = [performance.now(), process.cpuUsage()]
  const value = run()
  const wall = performance.now() - start
  const { user, system } = process.cpuUsage(before)
  console.log(wall, (user + system) / 1e3, value(), resourceUsage().maxRSS / 1024)
}
linalg.release()
