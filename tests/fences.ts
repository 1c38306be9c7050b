/** Code examples in Markdown: finds them, with the line they start at. Does not run them. */

export interface Fence {
  readonly language: string
  /** Words after the language, such as `skip`. */
  readonly flags: readonly string[]
  readonly text: string
  /** Line of the opening fence, from 1. */
  readonly line: number
}

/** The fenced code blocks of a Markdown text (CommonMark: three or more backticks or tildes, closed by as many). */
export function fences(markdown: string): Fence[] {
  const found: Fence[] = []
  let open:
    | { marker: string; indent: number; language: string; flags: string[]; line: number; body: string[] }
    | undefined
  for (const [index, line] of markdown.split(/\r?\n/).entries()) {
    const match = /^( {0,3})(`{3,}|~{3,})(.*)$/.exec(line)
    if (open === undefined) {
      if (match === null || (match[2]!.startsWith('`') && match[3]!.includes('`'))) continue
      const [language = '', ...flags] = match[3]!.trim().split(/\s+/)
      open = { marker: match[2]!, indent: match[1]!.length, language, flags, line: index + 1, body: [] }
    } else if (match !== null && match[2]!.startsWith(open.marker) && match[3]!.trim() === '') {
      found.push({ language: open.language, flags: open.flags, text: open.body.join('\n'), line: open.line })
      open = undefined
    } else {
      open.body.push(line.replace(new RegExp(`^ {0,${open.indent}}`), ''))
    }
  }
  return found
}

/** The `npx ecotope` commands of a shell example as argument lists; continued lines are joined, comments dropped. */
export function ecotopeCommands(text: string): string[][] {
  return text
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim().replace(/^\$ /, ''))
    .filter((line) => /^npx ecotope(\s|$)/.test(line))
    .map((line) => words(line).slice(2))
}

/** Splits a command as a POSIX shell would, for quotes and comments only; anything cleverer does not belong in docs. */
function words(line: string): string[] {
  const pattern = /\s*(#.*|(?:"[^"]*"|'[^']*'|[^\s"'])+)/gy
  const found: string[] = []
  for (let match = pattern.exec(line); match !== null && !match[1]!.startsWith('#'); match = pattern.exec(line))
    found.push(match[1]!.replace(/"([^"]*)"|'([^']*)'/g, (_, double: string, single: string) => double ?? single))
  return found
}
