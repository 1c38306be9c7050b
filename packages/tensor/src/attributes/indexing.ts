/** Attributes of gathering, scattering, sorting and running sums. */

export type IndexingAttributes = Record<never, never>

export type IndexingPrimitive = keyof IndexingAttributes
