/** Attributes of factorisations and solves. */

export type MatrixAttributes = Record<never, never>

export type MatrixPrimitive = keyof MatrixAttributes
