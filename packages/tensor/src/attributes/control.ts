/** Attributes of functions within functions: scan, checkpoint. */

export type ControlAttributes = Record<never, never>

export type ControlPrimitive = keyof ControlAttributes
