/** Attributes of special functions and the rarer elementary ones. */

export type SpecialAttributes = Record<never, never>

export type SpecialPrimitive = keyof SpecialAttributes
