/** Tables of columns, and which type the texts of a column have. No files are read here. */

export type TableValue = number | string | boolean | null

export interface Column {
  readonly name: string
  /** Of one type, or null. */
  readonly values: readonly TableValue[]
}

export interface Table {
  readonly columns: readonly Column[]
  readonly rows: number
  readonly label: string
}

export function columnNamed(table: Table, name: string): Column | undefined {
  return table.columns.find((column) => column.name === name)
}

/** Texts that stand for missing values. */
export const MISSING: readonly string[] = ['', 'NA', 'N/A', 'NaN', 'nan', 'NULL', 'null', 'None', '-', 'n/a', '#N/A']

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const DECIMAL_COMMA = /^[+-]?\d*,\d+$/
/** Codes such as 007 are texts. */
const CODE = /^[+-]?0\d/
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  ['TRUE', true],
  ['FALSE', false],
  ['True', true],
  ['False', false],
])
/** Whole numbers whose digits no double holds are texts, such as long identifiers. */
const isExact = (text: string): boolean => text.length < 16 || !/^-?\d+$/.test(text) || String(Number(text)) === text

/** Numbers where all texts are numbers, truth values likewise, else the texts; missing ones are null. */
export function typedColumn(
  name: string,
  texts: readonly string[],
  missing: ReadonlySet<string> = new Set(MISSING),
  hasDecimalComma = false,
): Column {
  const given = texts.filter((text) => !missing.has(text.trim()))
  const isNumber = (text: string): boolean =>
    (NUMBER.test(text) && !CODE.test(text) && isExact(text)) ||
    (hasDecimalComma && DECIMAL_COMMA.test(text)) ||
    /^[+-]?inf(inity)?$/i.test(text)
  const convert = given.every((text) => isNumber(text.trim()))
    ? (text: string): TableValue => numberOf(text.trim())
    : given.every((text) => BOOLEANS.has(text.trim()))
      ? (text: string): TableValue => BOOLEANS.get(text.trim())!
      : (text: string): TableValue => text
  return { name, values: texts.map((text) => (missing.has(text.trim()) ? null : convert(text))) }
}

function numberOf(text: string): number {
  if (/inf/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return Number(text.replace(',', '.'))
}
