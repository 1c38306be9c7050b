/** Attributes of variables as files have them, read as what they mean. */

export type AttributeValue = string | number | bigint | boolean | null | readonly unknown[] | ArrayLike<unknown>
export type Attributes = Readonly<Record<string, unknown>>

/** The text of an attribute, also of an array of one text; undefined where it is none. */
export function textOf(attributes: Attributes | undefined, name: string): string | undefined {
  const value = attributes?.[name]
  const one = Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value
  return typeof one === 'string' ? one : undefined
}

/** Numbers of an attribute: one number, an array of numbers, or text of numbers. Empty where there are none. */
export function numbersOf(attributes: Attributes | undefined, name: string): number[] {
  const value = attributes?.[name]
  if (value === undefined || value === null) return []
  if (typeof value === 'number' || typeof value === 'bigint') return [Number(value)]
  if (typeof value === 'string') return numbersOfText(value)
  if (typeof value !== 'object' || !('length' in value)) return []
  const all = Array.from(value as ArrayLike<unknown>)
  if (all.length === 1 && typeof all[0] === 'string') return numbersOfText(all[0])
  return all.every((v) => typeof v === 'number' || typeof v === 'bigint') ? all.map(Number) : []
}

function numbersOfText(text: string): number[] {
  const parts = text.trim().split(/[\s,]+/)
  const all = parts.map(Number)
  return text.trim() === '' || all.some((v, i) => Number.isNaN(v) && !/^nan$/i.test(parts[i]!)) ? [] : all
}

/** The first number of an attribute. */
export function numberOf(attributes: Attributes | undefined, name: string): number | undefined {
  return numbersOf(attributes, name)[0]
}
