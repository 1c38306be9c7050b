/** What names of files tell: dates by a pattern, bands by what differs between the names. Reads no files. */
import { InputError } from '@ecotope/core'
import { isUrl } from '../format/sniff.ts'

/** A pattern on the file's name as plain data, so that it stands in a process graph. */
export interface NamePattern {
  readonly from: 'name'
  /** Regular expression; its groups hold the wanted part. */
  readonly pattern: string
  readonly flags?: string
}

/**
 * Takes a date (or a band) from the names of files. Of a date, one group holds digits (`2020`, `202006`, `20200601`,
 * `2020153` as year and day of the year, `20200601T101031`, separators allowed), or groups are named `year`, `month`,
 * `day`, `doy`, `hour`, `minute`, `second`. Of a band, the first group is the name.
 */
export function fromName(pattern: RegExp | string): NamePattern {
  if (typeof pattern === 'string') return { from: 'name', pattern }
  const flags = pattern.flags.replaceAll(/[gy]/g, '')
  return { from: 'name', pattern: pattern.source, ...(flags === '' ? {} : { flags }) }
}

/** The compiled pattern. Throws `InputError('BadPattern')`. */
export function expressionOf({ pattern, flags = '' }: NamePattern): RegExp {
  try {
    return new RegExp(pattern, flags.replaceAll(/[gy]/g, ''))
  } catch (cause) {
    throw new InputError('BadPattern', `/${pattern}/ is not a regular expression: ${(cause as Error).message}`, {
      hint: 'for dates such as 20200601 write (\\d{8})',
      data: { pattern },
      cause,
    })
  }
}

/** Two digits each, after four of the year. */
const FIELDS = ['month', 'day', 'hour', 'minute', 'second'] as const

/** The instant (RFC 3339, UTC) that a name holds; undefined where the pattern does not match. Throws `InputError('BadDate')`. */
export function instantOfName(name: string, expression: RegExp): string | undefined {
  const match = expression.exec(name)
  if (match === null) return undefined
  const fields = match.groups === undefined ? fieldsOfDigits(match.slice(1).join('')) : fieldsOfGroups(match.groups)
  const label = fields === undefined ? undefined : instantOf(fields)
  if (label !== undefined) return label
  throw new InputError('BadDate', `${name}: "${match[1] ?? match[0]}" is not a date`, {
    hint: 'the pattern needs a group with the digits of year, month and day, such as (\\d{8})',
    data: { name, text: match[0] },
  })
}

type Fields = Readonly<Record<string, number>>

function fieldsOfDigits(text: string): Fields | undefined {
  const digits = text.replaceAll(/[^0-9]/g, '')
  const { length } = digits
  if (length < 4 || length > 14 || (length % 2 === 1 && length !== 7)) return undefined
  const year = Number(digits.slice(0, 4))
  if (length === 7) return { year, doy: Number(digits.slice(4)) }
  const fields: Record<string, number> = { year }
  for (const [i, name] of FIELDS.entries()) {
    const at = 4 + 2 * i
    if (at < length) fields[name] = Number(digits.slice(at, at + 2))
  }
  return fields
}

function fieldsOfGroups(groups: Readonly<Record<string, string | undefined>>): Fields | undefined {
  const fields = Object.fromEntries(
    Object.entries(groups).flatMap(([name, text]) => (text === undefined ? [] : [[name, Number(text)] as const])),
  )
  return fields.year === undefined ? undefined : fields
}

function instantOf({
  year = 0,
  month = 1,
  day = 1,
  doy,
  hour = 0,
  minute = 0,
  second = 0,
}: Fields): string | undefined {
  const full = year < 100 ? year + (year < 70 ? 2000 : 1900) : year
  const monthIndex = doy === undefined ? month - 1 : 0
  const date = new Date(Date.UTC(full, monthIndex, doy ?? day, hour, minute, second))
  const isReal =
    !Number.isNaN(date.getTime()) &&
    date.getUTCFullYear() === full &&
    (doy !== undefined ? doy >= 1 : date.getUTCMonth() === monthIndex && date.getUTCDate() === day) &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  return isReal ? `${date.toISOString().slice(0, 19)}Z` : undefined
}

/** Bands as sensors and their processors name them in file names. */
const SENSOR_BAND =
  /^(?:B\d{1,2}A?|SR_B\d{1,2}|ST_B\d{1,2}|SCL|AOT|WVP|TCI|CLD|SNW|QA_PIXEL|QA_RADSAT|VV|VH|HH|HV|fmask)$/i

/** The file's name without folders and extensions. */
export function stemOf(path: string): string {
  const name = (isUrl(path) ? path.replace(/[?#].*$/, '') : path).replace(/\/+$/, '').split(/[\\/]/).at(-1)!
  return name
    .replace(
      /(\.(?:nii|tar|json|csv|shp|nc|zarr|tif|tiff|npy|npz|hgt|parquet|jp2|grb2?|grib2?))*(\.(?:gz|zip|bz2))?$/i,
      '',
    )
    .replace(/\.[a-z]{2,5}$/i, '')
}

/**
 * Names of single-band files as band names: a token that is a sensor's band (`B04`, `SCL`), else the tokens that are
 * not the same in all names and not part of the date, else the whole name.
 */
export function bandsOfNames(stems: readonly string[], time: RegExp | undefined): string[] {
  const tokens = stems.map((stem) => tokensOf(time === undefined ? stem : withoutMatch(stem, time)))
  const common = new Set(tokens[0]?.filter((token) => stems.length > 1 && tokens.every((list) => list.includes(token))))
  return tokens.map((list, i) => {
    const sensor = list.findLast((token) => SENSOR_BAND.test(token))
    if (sensor !== undefined) return sensor
    const own = list.filter((token) => !common.has(token))
    if (own.length > 0) return own.join('_')
    return list.length > 0 ? list.join('_') : stems[i]!
  })
}

const tokensOf = (text: string): string[] => text.split(/[_.\s-]+/).filter((token) => token !== '')

function withoutMatch(text: string, expression: RegExp): string {
  const match = expression.exec(text)
  if (match === null) return text
  // Only the groups go: a pattern such as _(\d{8})_B may name more than the date.
  const gone = match.length > 1 ? match.slice(1).filter((group) => group !== undefined) : [match[0]]
  return gone.reduce((left, group) => left.replace(group, ''), text)
}
