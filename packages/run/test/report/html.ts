/** What the tests need to know of a page: is it well-formed, what does it load, what elements does it have. */

const VOID = new Set(['meta', 'img', 'br', 'link', 'input', 'hr'])

/** Problems of nesting, quoting and stray characters; empty for well-formed markup. */
export function problems(page: string): string[] {
  const found: string[] = []
  const stack: string[] = []
  // Style sheets are raw text.
  const body = page.replace(/<!doctype html>/i, '').replace(/<style>[^<]*<\/style>/g, '')
  const tag = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9:-]*(?:="[^"<]*")?)*)\s*(\/?)>/gi
  let last = 0
  for (const match of body.matchAll(tag)) {
    const between = body.slice(last, match.index)
    if (/[<>]/.test(between)) found.push(`stray angle bracket near ${between.slice(0, 60)}`)
    if (/&(?!(amp|lt|gt|quot|#39);)/.test(between)) found.push(`bare ampersand near ${between.slice(0, 60)}`)
    last = match.index + match[0].length
    const [, closing, name, , selfClosing] = match
    if (closing) {
      const open = stack.pop()
      if (open !== name) found.push(`</${name}> closes <${open}>`)
    } else if (!VOID.has(name!) && !selfClosing) stack.push(name!)
  }
  if (stack.length > 0) found.push(`left open: ${stack.join(', ')}`)
  return found
}

/** Everything that a browser would fetch. */
export function loads(page: string): string[] {
  const attributes = [...page.matchAll(/\s(?:src|href|data|poster|srcset|action)="([^"]*)"/g)].map((m) => m[1]!)
  const styles = [...page.matchAll(/url\(([^)]*)\)|@import[^;]*/g)].map((m) => m[0])
  return [...attributes, ...styles].filter(
    (text) => !text.startsWith('data:image/png;base64,') && !text.startsWith('#'),
  )
}

/** Values of one attribute of all elements of a name, optionally with a class. */
export function attribute(page: string, element: string, name: string, className?: string): string[] {
  const tags = [...page.matchAll(new RegExp(`<${element}\\b[^>]*>`, 'g'))].map((m) => m[0])
  return tags
    .filter((tag) => className === undefined || new RegExp(`class="(?:[^"]* )?${className}(?: [^"]*)?"`).test(tag))
    .flatMap((tag) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? [])
}

/** Text without markup. */
export const textOf = (page: string): string =>
  page
    .replace(/<style>[^<]*<\/style>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
