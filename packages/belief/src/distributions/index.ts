/** Distributions over Tensors. */

export { vonMises } from './circular.ts'
export { entropy, klDivergence } from './closed-forms.ts'
export { beta, gamma, logNormal, normal, studentT } from './continuous.ts'
export { bernoulli, categorical, negativeBinomial, poisson } from './discrete.ts'
export type { Distribution, Kind, ParameterTable } from './distribution.ts'
export { dirichlet, multivariateNormal, multivariateNormalOf } from './multivariate.ts'
