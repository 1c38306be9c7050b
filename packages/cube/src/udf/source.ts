/** The source of user-defined functions: found, its types taken out, ready for the sandbox. Runs nothing. */
import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { isAbsolute, relative, resolve } from 'node:path'
import { InputError, nearest } from '@ecotope/core'

/** JavaScript of a user-defined function; lines and columns are those of its source. */
export interface UdfCode {
  /** For messages: the file's name, or `udf.ts`. */
  readonly name: string
  readonly code: string
}

/** Names of runtimes, by what they do with the source. */
const runtimes: Readonly<Record<string, 'types' | 'plain'>> = { TypeScript: 'types', JavaScript: 'plain' }

/** The version of the contract between a UDF and the cube, which is all that a UDF can depend on. */
const versions = ['1']

/**
 * Reads a UDF: source text (with a line break), a URL, or a path within `folder`. Errors (InputError): InvalidRuntime,
 * InvalidVersion, FileNotFound, UdfFailed where the source cannot be parsed.
 */
export async function loadUdf(
  udf: string,
  runtime: string,
  version: string | null | undefined,
  folder: string,
): Promise<UdfCode> {
  const isTyped = checkRuntime(runtime, version) === 'types'
  if (/[\r\n]/.test(udf)) return prepareUdf(udf, isTyped ? 'udf.ts' : 'udf.js', isTyped)
  const source = /^https?:\/\//.test(udf) ? await fetchSource(udf) : await readSource(udf, folder)
  return prepareUdf(source, udf.split('/').at(-1)!, isTyped)
}

function checkRuntime(runtime: string, version: string | null | undefined): 'types' | 'plain' {
  const name = Object.keys(runtimes).find((one) => one.toLowerCase() === runtime.toLowerCase())
  if (name === undefined) {
    const near = nearest(runtime, Object.keys(runtimes))
    throw new InputError('InvalidRuntime', `UDFs cannot be written in ${runtime}`, {
      hint:
        near === undefined
          ? 'Write it in TypeScript or JavaScript and name that as the runtime.'
          : `Did you mean ${near}?`,
      data: { runtime, runtimes: Object.keys(runtimes) },
    })
  }
  if (version !== null && version !== undefined && !versions.includes(version))
    throw new InputError('InvalidVersion', `the runtime ${name} has no version ${version}`, {
      hint: `Leave the version out, or give ${versions.join(' or ')}.`,
      data: { version, versions },
    })
  return runtimes[name]!
}

const notFound = (path: string, hint: string): InputError =>
  new InputError('FileNotFound', `there is no UDF ${path}`, { hint, data: { path } })

async function readSource(path: string, folder: string): Promise<string> {
  // The folder of the graph stands for the user's workspace, so that a leading slash means its root.
  const full = resolve(folder, `.${path.startsWith('/') ? '' : '/'}${path}`)
  const inside = relative(resolve(folder), full)
  if (inside.startsWith('..') || isAbsolute(inside))
    throw notFound(path, 'Paths of UDFs start at the folder of the process graph and stay within it.')
  try {
    return await readFile(full, 'utf8')
  } catch {
    const isCode = /[(){};]|=>/.test(path)
    throw notFound(path, isCode ? 'Source code has to have a line break in it.' : `It was looked for at ${full}.`)
  }
}

async function fetchSource(url: string): Promise<string> {
  try {
    const response = await fetch(url)
    if (response.ok) return await response.text()
    throw notFound(url, `The server answered ${response.status} ${response.statusText}.`)
  } catch (error) {
    if (error instanceof InputError) throw error
    throw notFound(url, `The server cannot be reached: ${error instanceof Error ? error.message : ''}.`)
  }
}

/** Takes types and module syntax out of a source. Lines and columns stay. */
export function prepareUdf(source: string, name: string, isTyped: boolean): UdfCode {
  const script = isTyped ? withoutTypes(source, name) : source
  const line = importLine(script)
  if (line !== undefined)
    throw udfFailed(
      name,
      line,
      'UDFs cannot import anything',
      'Put all that it needs into one file; the word is not understood in comments and texts either.',
    )
  return { name, code: withoutExports(script) }
}

/** An error of the user's code, with the line where it is known. */
export function udfFailed(name: string, line: number | undefined, message: string, hint?: string): InputError {
  const where = line === undefined ? name : `${name}, line ${line}`
  return new InputError('UdfFailed', `${where}: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    data: { udf: name, line },
  })
}

function withoutTypes(source: string, name: string): string {
  const { emitWarning } = process
  // Node calls the function experimental with every first use; its meaning is settled, and users cannot act on it.
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(source, { sourceUrl: name }).replace(/\n?\/\/# sourceURL=.*\s*$/, '')
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const line = /^.*?:(\d+)\n/.exec(error.stack ?? '')?.[1]
    throw udfFailed(name, line === undefined ? undefined : Number(line), error.message)
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Blanks of the same length, so that columns stay. */
const blank = (text: string): string => text.replace(/[^\r\n]/g, ' ')

/** Exports as plain declarations: a script's top level is where the sandbox looks for `apply`. */
function withoutExports(script: string): string {
  return script
    .replace(
      /^([ \t]*)(export[ \t]+default[ \t]+)(?=(?:async[ \t]+)?function\b)/gm,
      (_, space: string, word: string) => `${space}${blank(word)}`,
    )
    .replace(
      /^([ \t]*)(export[ \t]+)(?=(?:async[ \t]+)?function\b|const\b|let\b|var\b|class\b)/gm,
      (_, space: string, word: string) => `${space}${blank(word)}`,
    )
    .replace(/^[ \t]*export[ \t]*\{[^}]*\}[ \t]*;?/gm, blank)
}

/**
 * The line of the first `import`, static or dynamic; undefined without any. Also finds some in comments and texts: a
 * dynamic import would hand the code an error object from outside the sandbox, so that none may slip through.
 */
function importLine(script: string): number | undefined {
  // A line of code also ends with these, which \n alone would not see.
  const between = String.raw`(?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n\r\u2028\u2029]*[\n\r\u2028\u2029])*`
  const match = new RegExp(`\\bimport${between}[(.]|^[ \\t]*import\\b`, 'm').exec(script)
  return match === null ? undefined : script.slice(0, match.index).split('\n').length
}
