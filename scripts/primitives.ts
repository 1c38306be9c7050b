/**
 * The table of primitives, docs/primitives.md, from the code: names, attributes and comments from the sources, rules
 * from the tables, operators from the lowering of the test programs. `--write` renews it; a test compares.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { input, reapply } from '../packages/tensor/src/apply.ts'
import { compositions } from '../packages/tensor/src/compositions.ts'
import { lowerProgram } from '../packages/tensor/src/lower/lower.ts'
import { type LoweringTarget, portable } from '../packages/tensor/src/lower/target.ts'
import type { OnnxNode } from '../packages/tensor/src/onnx/graph.ts'
import { type Primitive, type Tensor, topological } from '../packages/tensor/src/primitive.ts'
import { tupleRelevances } from '../packages/tensor/src/relevance/control.ts'
import { relevanceRules } from '../packages/tensor/src/relevance/index.ts'
import type { Program } from '../packages/tensor/src/trace.ts'
import { tupleVjps } from '../packages/tensor/src/vjp/control.ts'
import { vjpRules } from '../packages/tensor/src/vjp/index.ts'
import { cases } from '../packages/tensor/test/cases/index.ts'
import { traceCase } from '../packages/tensor/test/support.ts'

export const path = fileURLToPath(new URL('../docs/primitives.md', import.meta.url))

const families = {
  plain: 'Elementary',
  special: 'Special functions',
  indexing: 'Indexing, sorting, running sums',
  spatial: 'Images',
  matrix: 'Factorisations and solves',
  control: 'Functions within functions',
} as const

type Family = keyof typeof families

interface Member {
  readonly name: Primitive
  readonly attributes: string
  readonly meaning: string
}

/** The members of a family's attribute interface, in the order of the source. */
function membersOf(family: Family): Member[] {
  const file = fileURLToPath(new URL(`../packages/tensor/src/attributes/${family}.ts`, import.meta.url))
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const members: Member[] = []
  source.forEachChild((node) => {
    if (!ts.isInterfaceDeclaration(node) || !node.name.text.endsWith('Attributes')) return
    for (const member of node.members) {
      if (!ts.isPropertySignature(member) || member.type === undefined) continue
      const docs = ts.getJSDocCommentsAndTags(member).map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? '')
      const attributes = member.type
        .getText(source)
        .replace(/readonly /g, '')
        .replace(/([^{;])\n\s*(?!})/g, '$1; ')
        .replace(/\s+/g, ' ')
      const meaning = docs.join(' ').replace(/\s+/g, ' ')
      members.push({ name: member.name.getText(source) as Primitive, attributes, meaning })
    }
  })
  return members
}

const nodeCpu: LoweringTarget = { name: 'node-cpu', nchwcBlock: 16, winograd: true, fixedWeights: false }

/** An application of a primitive among the test programs. */
function sampleOf(name: Primitive): Tensor | undefined {
  for (const each of cases[name]) {
    const found = topological(Object.values(traceCase(each).program.outputs)).find((node) => node.op === name)
    if (found !== undefined) return found
  }
  return undefined
}

const housekeeping = new Set(['Identity', 'Reshape'])

function namesOf(nodes: readonly OnnxNode[]): string {
  const names = [...new Set(nodes.map(({ op }) => op))]
  const telling = names.filter((op) => !housekeeping.has(op))
  return (telling.length > 0 ? telling : names.filter((op) => op !== 'Identity')).join(', ')
}

/** The operators that one application lowers to. */
function operatorsOf(node: Tensor, target: LoweringTarget): string {
  const inputs = Object.fromEntries(
    node.inputs.map((operand, i) => [`x${i}`, input(`x${i}`, { shape: operand.shape, dtype: operand.dtype })]),
  )
  const program: Program = {
    inputs,
    parameters: { leaves: [], size: 0 },
    leaves: [],
    outputs: { y: reapply(node, Object.values(inputs)) },
  }
  return namesOf(lowerProgram(program, { target }).nodes)
}

const leaves: ReadonlySet<Primitive> = new Set<Primitive>(['input', 'parameter', 'constant', 'random'])
const tuples: ReadonlySet<Primitive> = new Set<Primitive>(['call', 'scan', 'output'])

/** What a rule does, told by the name of the function that the table holds. */
const told: Readonly<Record<string, string>> = {
  blocked: '–',
  flat: '0',
  throughComposition: 'elementary form',
  passing: 'passes on',
  moving: 'moves',
  proportional: 'proportional',
  deciding: '–',
  refusing: 'refused',
}

function ruleOf(table: Readonly<Record<string, unknown>>, name: Primitive): string {
  const rule = table[name]
  return typeof rule === 'function' ? (told[rule.name] ?? 'own rule') : '–'
}

function operators(name: Primitive): readonly [string, string] {
  if (leaves.has(name)) return ['–', '–']
  if (tuples.has(name)) return ['sub-graph or unrolled', 'sub-graph or unrolled']
  const sample = sampleOf(name)
  if (sample === undefined) return ['–', '–']
  return [operatorsOf(sample, nodeCpu), operatorsOf(sample, portable)]
}

const cell = (text: string): string => text.replace(/\|/g, '\\|')

function row({ name, attributes, meaning }: Member): string {
  const [cpu, standard] = operators(name)
  const form = name in compositions ? 'yes' : ''
  const cells = [
    `\`${name}\``,
    attributes === 'None' ? '' : `\`${attributes}\``,
    meaning,
    ruleOf({ ...vjpRules, ...tupleVjps }, name),
    ruleOf({ ...relevanceRules, ...tupleRelevances }, name),
    form,
    cpu === standard ? cpu : `${standard}; processor: ${cpu}`,
  ]
  return `| ${cells.map(cell).join(' | ')} |`
}

function section(family: Family): string {
  const head = '| primitive | attributes | operands and meaning | gradient | relevance | composite | ONNX operators |'
  return `## ${families[family]}\n\n${head}\n| --- | --- | --- | --- | --- | --- | --- |\n${membersOf(family).map(row).join('\n')}\n`
}

export function page(): string {
  const sections = (Object.keys(families) as Family[]).map(section)
  const count = (Object.keys(families) as Family[]).reduce((sum, family) => sum + membersOf(family).length, 0)
  return `# Primitives

Made from the code by \`node scripts/primitives.ts --write\`. Users call functions; these are the ${count} primitives to which
functions trace. Each has a row in every table: shape, gradient, batching (\`vmap\`), relevance, lowering to ONNX, float64
meaning, test programs; a missing row does not compile.

- **gradient**: an own rule; the elementary form of a composite; 0; or – where none flows.
- **relevance** (layer-wise relevance propagation): shared in proportion to weighted inputs (\`proportional\` or an own rule),
  passed on to the operand, moved back to where elements came from (a maximum: to the winner), – where none flows, or
  refused with an error.
- **composite**: has an elementary form, which portable targets and second derivatives may use.
- **ONNX operators** of one example, besides reshapes. Where two lists are given, the first is of the portable target
  (WASM and, with a few exceptions, WebGPU), the second of the processor. Operators are chosen by shape: others occur.

${sections.join('\n')}`
}

export const published = (): string => readFileSync(path, 'utf8')

if (process.argv.includes('--write')) writeFileSync(path, page())
