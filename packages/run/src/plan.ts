/** What a run is going to do: addresses of all steps, which are there already, what the rest may cost. Runs nothing. */
import { basename } from 'node:path'
import { EnvironmentError, InputError, type OnWarning } from '@ecotope/core'
import type { Device } from '@ecotope/tensor'
import { mapReferences, type PlannedGraph, type PlannedNode, planGraph } from './graph.ts'
import type { FileHash, Hasher } from './hash.ts'
import { hashJson, isList, isObject, type JsonValue } from './json.ts'
import { filesOf, type Parameters } from './parameters.ts'
import type { Estimate, EstimateContext, Process, StepResult } from './process.ts'
import type { Recipe } from './recipe.ts'
import { alternatives, isFileSchema, type Schemas } from './schema.ts'
import { StepDamaged, type Store, type StoredStep } from './store.ts'

/** A step before it runs. */
export interface PlannedStep {
  readonly node: string
  readonly process: string
  readonly version: string
  readonly description: string
  readonly upstream: readonly string[]
  readonly address: string
  /** True where the store has the result. */
  readonly reused: boolean
  readonly estimate: Estimate
}

export interface RunPlan {
  readonly steps: readonly PlannedStep[]
  readonly files: readonly FileHash[]
  /** Seconds that those steps to come may take that can say. */
  readonly seconds: number | undefined
  /** The most memory that a step to come may take. */
  readonly memoryBytes: number | undefined
}

export interface Budget {
  readonly seed: number
  readonly threads: number
  readonly memoryBytes: number
  readonly device?: Device | undefined
}

/** The plan and what `runRecipe` needs besides. */
export interface WorkingPlan {
  readonly graph: PlannedGraph
  readonly plan: RunPlan
  readonly stored: ReadonlyMap<string, StoredStep>
}

export interface PlanInput {
  readonly recipe: Recipe
  readonly parameters: Parameters
  readonly processes: readonly Process[]
  readonly hasher: Hasher
  readonly budget: Budget
  readonly signal?: AbortSignal | undefined
  readonly onWarning?: OnWarning | undefined
  /** Ask the processes what they may cost. */
  readonly estimates: boolean
}

/** What can be known before there is a store: the checked graph and the hashes of all input files, by path. */
export interface Prepared {
  readonly graph: PlannedGraph
  readonly files: Map<string, FileHash>
}

/** Checks the graph and reads the input files. Errors: those of `planGraph`, MissingFile, UnreadableFile. */
export async function prepare(input: PlanInput): Promise<Prepared> {
  return { graph: planGraph(input.recipe, input.processes), files: await hashParameters(input) }
}

/** Makes the plan of a run over a store. */
export async function makePlan(input: PlanInput, { graph, files }: Prepared, store: Store): Promise<WorkingPlan> {
  const addresses = new Map<string, string>()
  const stored = new Map<string, StoredStep>()
  const forecasts = new Map<string, StepResult>()
  const steps: PlannedStep[] = []
  for (const node of graph.order) {
    const address = await addressOf(node, input, files, addresses)
    addresses.set(node.node, address)
    const found = await findSound(store, address, input.onWarning)
    if (found !== undefined) stored.set(node.node, found)
    const estimate = found || !input.estimates ? {} : await estimateOf(node, input, forecasts)
    const value = found?.value ?? estimate.value ?? null
    forecasts.set(node.node, { address, directory: found?.directory ?? '', value })
    steps.push({
      node: node.node,
      process: node.process.id,
      version: node.process.version,
      description: node.description,
      upstream: node.upstream,
      address,
      reused: found !== undefined,
      estimate,
    })
  }
  return { graph, stored, plan: { steps, files: [...files.values()], ...totals(steps) } }
}

async function hashParameters(input: PlanInput): Promise<Map<string, FileHash>> {
  const files = new Map<string, FileHash>()
  for (const parameter of input.recipe.parameters) {
    const value = input.parameters[parameter.name]
    if (value === undefined || value === null) continue
    for (const path of filesOf(value, parameter.schema))
      if (!files.has(path)) files.set(path, await input.hasher.hash(path, input.signal))
  }
  return files
}

/**
 * The address of a step: SHA-256 of its process, version, seed and arguments, where a file stands for its name and
 * content and a step stands for its address. Threads and memory are left out: they do not change a result.
 */
async function addressOf(
  planned: PlannedNode,
  input: PlanInput,
  files: Map<string, FileHash>,
  addresses: ReadonlyMap<string, string>,
): Promise<string> {
  const { process } = planned
  const named: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(planned.arguments)) {
    const spec = process.spec.parameters.find((parameter) => parameter.name === name)!
    // A file written into the graph itself is hashed as well.
    for (const path of filesOf(value, spec.schema))
      if (!files.has(path)) files.set(path, await input.hasher.hash(path, input.signal))
    named[name] = mapReferences(withHashes(value, spec.schema, files), (reference) => {
      if ('from_node' in reference) return { step: addresses.get(reference.from_node)! }
      const parameter = input.recipe.parameters.find((one) => one.name === reference.from_parameter)!
      return withHashes(input.parameters[parameter.name] ?? null, parameter.schema, files)
    })
  }
  return hashJson({
    process: process.id,
    ...(process.namespace === undefined ? {} : { namespace: process.namespace }),
    version: process.version,
    arguments: named as { [key: string]: JsonValue },
    ...(process.seeded === false ? {} : { seed: input.budget.seed }),
  })
}

function withHashes(value: JsonValue, schema: Schemas, files: ReadonlyMap<string, FileHash>): JsonValue {
  if (typeof value === 'string' && value !== '' && alternatives(schema).some(isFileSchema))
    return { file: basename(value), sha256: files.get(value)?.sha256 ?? '' }
  if (!isList(value)) return value
  const items = alternatives(schema).find((one) => one.items !== undefined)?.items
  return items === undefined ? value : value.map((item) => withHashes(item, items, files))
}

/** A damaged result is reported, removed and treated as absent. */
async function findSound(
  store: Store,
  address: string,
  onWarning: OnWarning | undefined,
): Promise<StoredStep | undefined> {
  try {
    return await store.find(address)
  } catch (error) {
    if (!(error instanceof StepDamaged)) throw error
    onWarning?.({ tag: 'StepDamaged', message: `${error.message}; it is computed again` })
    return undefined
  }
}

/** Arguments as a process sees them. */
export function argumentsOf(
  planned: PlannedNode,
  parameters: Parameters,
  results: ReadonlyMap<string, StepResult>,
): Record<string, unknown> {
  const filled: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(planned.arguments))
    filled[name] = mapReferences(value, (reference) =>
      'from_node' in reference ? results.get(reference.from_node)! : (parameters[reference.from_parameter] ?? null),
    )
  return filled
}

/** Reads an argument as the result of a step. */
export function stepOf(value: unknown): StepResult {
  if (isObject(value) && typeof value.address === 'string' && typeof value.directory === 'string')
    return value as unknown as StepResult
  throw new InputError('NotAStep', 'an argument is not the result of a step', {
    hint: 'In the process graph, give this argument as {"from_node": NODE}.',
  })
}

/** A process that cannot guess must not stop the run: a wrong input is told by the step itself, with its own words. */
async function estimateOf(
  planned: PlannedNode,
  input: PlanInput,
  forecasts: ReadonlyMap<string, StepResult>,
): Promise<Estimate> {
  const context: EstimateContext = { ...input.budget, step: stepOf }
  try {
    const filled = argumentsOf(planned, input.parameters, forecasts)
    return (await planned.process.estimate?.(filled, context)) ?? {}
  } catch (error) {
    if (error instanceof InputError || error instanceof EnvironmentError) throw error
    return {}
  }
}

function totals(steps: readonly PlannedStep[]): Pick<RunPlan, 'seconds' | 'memoryBytes'> {
  const open = steps.filter((step) => !step.reused)
  const seconds = open.flatMap((step) => step.estimate.seconds ?? [])
  const memory = open.flatMap((step) => step.estimate.memoryBytes ?? [])
  return {
    seconds: seconds.length === 0 && open.length > 0 ? undefined : seconds.reduce((sum, one) => sum + one, 0),
    memoryBytes: memory.length === 0 ? undefined : Math.max(...memory),
  }
}
