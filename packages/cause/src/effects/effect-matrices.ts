/** Effects from coefficients of links at lags: the impulse response of a structural vector autoregression. */
import { InputError } from '@ecotope/core'
import { linalg } from '@ecotope/tensor'
import { LagArray } from '../discovery/lag-array.ts'

/**
 * Total effects Psi[i, j, tau] of coefficients Phi: Psi_0 = (I - Phi_0)^-1 and Psi_tau = Psi_0 sum_s Phi_s Psi_(tau-s)
 * (Runge et al. 2015, methods, with links at lag 0). `blocked`: variables whose links from parents are cut.
 * Throws `InputError` CyclicGraph where links without lag cannot be solved for.
 */
export function effectMatrices(coefficients: LagArray, blocked: readonly number[] = []): LagArray {
  const { variables: n, tauMax } = coefficients
  const cut = new Set(blocked)
  const phi = Array.from({ length: tauMax + 1 }, (_, tau) => {
    const matrix = linalg.matrix(n, n)
    for (let j = 0; j < n; j++)
      if (!cut.has(j)) for (let i = 0; i < n; i++) matrix.data[j * n + i] = coefficients.get(i, j, tau)
    return matrix
  })
  const instant = inverseOfDifference(phi[0]!)
  const psi = [instant]
  for (let tau = 1; tau <= tauMax; tau++) {
    const sum = linalg.matrix(n, n)
    for (let s = 1; s <= tau; s++) addProduct(sum.data, phi[s]!.data, psi[tau - s]!.data, n)
    const out = linalg.matrix(n, n)
    addProduct(out.data, instant.data, sum.data, n)
    psi.push(out)
  }
  const effects = new LagArray(n, tauMax)
  for (const [tau, matrix] of psi.entries())
    for (let j = 0; j < n; j++) for (let i = 0; i < n; i++) effects.set(i, j, tau, matrix.data[j * n + i]!)
  return effects
}

function addProduct(out: Float64Array, a: Float64Array, b: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k]!
      if (factor !== 0) for (let j = 0; j < n; j++) out[i * n + j] = out[i * n + j]! + factor * b[k * n + j]!
    }
}

function inverseOfDifference(phi: linalg.Matrix): linalg.Matrix {
  const n = phi.rows
  const left = linalg.identity(n)
  for (let k = 0; k < n * n; k++) left.data[k] = left.data[k]! - phi.data[k]!
  try {
    return linalg.solve(left, linalg.identity(n))
  } catch (cause) {
    throw new InputError('CyclicGraph', 'links without lag run in a circle that has no solution', {
      hint: 'Turn or drop one of the links without lag.',
      cause,
    })
  }
}
