/** Float64 dense linear algebra in blocked SIMD WebAssembly; synchronous, in Node and in pages. */
export { type CholeskyFactor, cholesky, choleskySolve, logDeterminant } from './cholesky.ts'
export { fromRows, identity, type Matrix, matrix, transposed } from './matrix.ts'
export { type MatmulOptions, matmul, matvec, type SyrkOptions, syrk } from './products.ts'
export { type SymmetricEigen, symmetricEigen, symmetricEigenvalues } from './symmetric-eigen.ts'
export { release, setThreads, threads } from './threads/setting.ts'
export { type TriangularOptions, triangularSolve } from './triangular.ts'
export { heldBytes } from './workspace.ts'
