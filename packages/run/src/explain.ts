/** A recipe in words: what it does and what each parameter means. The text of `ecotope explain RECIPE`. */
import type { Recipe, RecipeParameter } from './recipe.ts'
import { schemaText, show } from './schema.ts'

export interface ExplainOptions {
  /** Characters a line. Default 100. */
  readonly width?: number
}

/** The recipe's explanation as plain text. */
export function explainRecipe(recipe: Recipe, options: ExplainOptions = {}): string {
  const width = Math.max(40, options.width ?? 100)
  const lines = [recipe.id, '', ...wrap(recipe.summary, width)]
  if (recipe.description !== '' && recipe.description !== recipe.summary)
    lines.push(
      '',
      ...recipe.description.split(/\n{2,}/).flatMap((part, i) => [...(i ? [''] : []), ...wrap(part, width)]),
    )
  lines.push('', 'Steps', ...describeGraph(recipe))
  for (const [group, parameters] of grouped(recipe.parameters)) {
    lines.push('', group)
    for (const parameter of parameters) lines.push(...describeParameter(parameter, width))
  }
  return `${lines.join('\n')}\n`
}

function describeGraph(recipe: Recipe): string[] {
  return Object.entries(recipe.process_graph).map(([node, entry]) => {
    const text = entry.description ?? entry.process_id
    return `  ${node}: ${text}`
  })
}

function grouped(parameters: readonly RecipeParameter[]): [string, RecipeParameter[]][] {
  const groups = new Map<string, RecipeParameter[]>()
  for (const parameter of parameters) {
    const group = parameter.group ?? 'Parameters'
    groups.set(group, [...(groups.get(group) ?? []), parameter])
  }
  return [...groups]
}

function describeParameter(parameter: RecipeParameter, width: number): string[] {
  const { name, schema, description, raiseWhen, lowerWhen, unit, optional } = parameter
  const needed = parameter.default === undefined && optional !== true
  const fallback = needed
    ? 'required'
    : `default ${show(parameter.default ?? null)}`.replace('default null', 'optional')
  const head = `  ${name}  (${schemaText(schema)}${unit ? `, ${unit}` : ''}; ${fallback})`
  const notes = [
    description,
    ...(raiseWhen === undefined ? [] : [`Raise it when: ${raiseWhen}`]),
    ...(lowerWhen === undefined ? [] : [`Lower it when: ${lowerWhen}`]),
  ]
  return [head, ...notes.flatMap((note) => wrap(note, width - 6).map((line) => `      ${line}`))]
}

/** Breaks a text into lines of at most so many characters, at spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.trim().split(/\s+/)) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}
