/** Escaped HTML by tagged templates: whatever is interpolated is text unless it is markup already. Not a framework. */

/** Markup that needs no escaping; only `html` and `raw` make it. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Content = Markup | string | number | undefined | null | false | readonly Content[]

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text for element content and quoted attributes. Control characters, which XML forbids, become a visible mark. */
export function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (c) => ENTITIES[c]!)
    .replace(/\p{Cc}/gu, (c) => (c === '\n' || c === '\t' || c === '\r' ? c : '\u2426'))
}

function render(content: Content): string {
  if (content === undefined || content === null || content === false) return ''
  if (content instanceof Markup) return content.text
  if (typeof content === 'object') return content.map(render).join('')
  return escaped(String(content))
}

/** Markup from a template; interpolated strings and numbers are escaped, markup and lists of it are kept. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let text = parts[0]!
  values.forEach((value, i) => {
    text += render(value) + parts[i + 1]!
  })
  return new Markup(text)
}

/** Text that is known to be markup, such as a style sheet of ours. */
export const raw = (text: string): Markup => new Markup(text)
