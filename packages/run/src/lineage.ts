/**
 * Where a result comes from, as W3C PROV-JSON (Member Submission of 2013): inputs, parameters and step results are
 * entities, steps are activities, Ecotope is the agent. Written beside every result; `explainLineage` reads it again.
 */
import { readFile, stat } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { InputError, nearest, VERSION } from '@ecotope/core'
import type { Run } from './execute.ts'
import { type FileHash, hashFile, openHasher } from './hash.ts'
import { canonicalJson, isObject, type JsonValue } from './json.ts'
import { unreadable } from './surroundings.ts'

type Attributes = { readonly [name: string]: JsonValue }

/** A PROV-JSON document: records by kind, then by identifier. */
export interface ProvDocument {
  readonly prefix: { readonly [prefix: string]: string }
  readonly entity: { readonly [id: string]: Attributes }
  readonly activity: { readonly [id: string]: Attributes }
  readonly agent: { readonly [id: string]: Attributes }
  readonly used: { readonly [id: string]: Attributes }
  readonly wasGeneratedBy: { readonly [id: string]: Attributes }
  readonly wasDerivedFrom: { readonly [id: string]: Attributes }
  readonly wasAssociatedWith: { readonly [id: string]: Attributes }
}

export interface LineageOptions {
  /** Files made from the run's steps: their path and the node whose result they copy or show. */
  readonly outputs?: readonly { readonly path: string; readonly node: string }[]
  /** Folder that output paths are written relative to. Default: the current directory. */
  readonly directory?: string
  /** The command that repeats the run. */
  readonly command?: string
  /** Version of the software. */
  readonly softwareVersion?: string
}

/** The lineage of a run. Reads the outputs to note their hashes. */
export async function lineage(run: Run, options: LineageOptions = {}): Promise<ProvDocument> {
  const entity: Record<string, Attributes> = {}
  const activity: Record<string, Attributes> = {}
  const relations = { used: relationList('used'), generated: relationList('gen'), derived: relationList('der') }
  const associated = relationList('assoc')
  const agent = `eco:software/ecotope-${options.softwareVersion ?? VERSION}`

  entity['eco:recipe'] = {
    'prov:type': name('prov:Plan'),
    'prov:label': run.recipe.id,
    'eco:summary': run.recipe.summary,
    // PROV-JSON knows no objects as values.
    'eco:parameters': canonicalJson(run.parameters),
    'eco:seed': run.seed,
    ...(options.command === undefined ? {} : { 'eco:command': options.command }),
  }
  for (const file of run.files)
    entity[fileId(file)] = {
      'prov:type': name('eco:File'),
      'prov:label': basename(file.path),
      'prov:location': file.path,
      'eco:sha256': file.sha256,
      'eco:bytes': file.bytes,
    }
  for (const step of run.steps) {
    const id = `eco:step/${step.address}`
    const result = resultId(step.address)
    activity[id] = {
      'prov:type': name(`eco:${step.process}`),
      'prov:label': step.node,
      'prov:startTime': step.startedAt,
      'prov:endTime': step.endedAt,
      'eco:version': step.version,
      'eco:seconds': Math.round(step.seconds * 1000) / 1000,
      'eco:description': step.description,
    }
    entity[result] = { 'prov:type': name('eco:StepResult'), 'prov:label': step.node, 'eco:address': step.address }
    relations.generated.add({ 'prov:entity': result, 'prov:activity': id })
    for (const source of sourcesOf(run, step.node)) {
      relations.used.add({ 'prov:activity': id, 'prov:entity': source })
      relations.derived.add({ 'prov:generatedEntity': result, 'prov:usedEntity': source })
    }
    associated.add({ 'prov:activity': id, 'prov:agent': agent, 'prov:plan': 'eco:recipe' })
  }
  for (const output of options.outputs ?? []) {
    const step = run.steps.find((one) => one.node === output.node)!
    const file = await outputEntity(output.path, options.directory ?? process.cwd())
    entity[file.id] = file.attributes
    relations.derived.add({ 'prov:generatedEntity': file.id, 'prov:usedEntity': resultId(step.address) })
  }
  return {
    prefix: { prov: 'http://www.w3.org/ns/prov#', eco: 'urn:ecotope:' },
    entity,
    activity,
    agent: { [agent]: softwareAgent(options.softwareVersion ?? VERSION) },
    used: relations.used.all,
    wasGeneratedBy: relations.generated.all,
    wasDerivedFrom: relations.derived.all,
    wasAssociatedWith: associated.all,
  }
}

function softwareAgent(version: string): Attributes {
  return {
    'prov:type': name('prov:SoftwareAgent'),
    'prov:label': 'Ecotope',
    'eco:version': version,
    'eco:node': process.versions.node,
    'eco:platform': `${platform()} ${arch()}`,
  }
}

/** A qualified name as an attribute's value (PROV-JSON, section 2.3). */
const name = (qualified: string): JsonValue => ({ $: qualified, type: 'prov:QUALIFIED_NAME' })
const fileId = (file: FileHash): string => `eco:file/${file.sha256}/${basename(file.path)}`
const resultId = (address: string): string => `eco:result/${address}`

function relationList(prefix: string): { add(attributes: Attributes): void; all: Record<string, Attributes> } {
  const all: Record<string, Attributes> = {}
  return { all, add: (attributes) => (all[`_:${prefix}${Object.keys(all).length}`] = attributes) }
}

/** The entities that a node's arguments name: upstream results, and the files of the parameters it refers to. */
function sourcesOf(run: Run, node: string): string[] {
  const step = run.steps.find((one) => one.node === node)!
  const upstream = step.upstream.map((name) => resultId(run.steps.find((one) => one.node === name)!.address))
  const text = JSON.stringify(run.recipe.process_graph[node]!.arguments)
  const named = run.recipe.parameters
    .filter(({ name }) => text.includes(JSON.stringify({ from_parameter: name })))
    .flatMap(({ name }) => [run.parameters[name] ?? null].flat())
  const files = run.files.filter((file) => named.includes(file.path) || text.includes(JSON.stringify(file.path)))
  return [...upstream, ...files.map((file) => fileId(file))]
}

async function outputEntity(path: string, directory: string): Promise<{ id: string; attributes: Attributes }> {
  const hasher = await openHasher()
  const { sha256, bytes } = await hasher.hash(path)
  const place = relative(resolve(directory), resolve(path)).split(sep).join('/')
  return {
    id: `eco:output/${place}`,
    attributes: {
      'prov:type': name('eco:File'),
      'prov:label': place,
      'prov:location': place,
      'eco:sha256': sha256,
      'eco:bytes': bytes,
    },
  }
}

/** Reads the lineage of a result: a lineage file, a folder that has one, or a file in such a folder. */
export async function readLineage(path: string): Promise<{ document: ProvDocument; file: string; subject?: string }> {
  const full = resolve(path)
  const info = await stat(full).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  const isLineage = info.isFile() && basename(full).endsWith('lineage.json')
  for (let folder = info.isDirectory() ? full : dirname(full), up = 0; up < 3; folder = dirname(folder), up++) {
    const file = isLineage ? full : join(folder, 'lineage.json')
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const subject = relative(dirname(file), full).split(sep).join('/')
    const document = parseLineage(text, file)
    return { document, file, ...(isLineage || subject === '' ? {} : { subject }) }
  }
  throw new InputError('NoLineage', `there is no lineage.json beside ${path}`, {
    hint: 'Name a result that a run of Ecotope wrote, such as out/mine/class.tif, or its folder.',
    data: { path },
  })
}

function parseLineage(text: string, file: string): ProvDocument {
  try {
    const json: unknown = JSON.parse(text)
    if (isObject(json) && isObject(json.entity) && isObject(json.activity)) return json as unknown as ProvDocument
  } catch {}
  throw new InputError('BadLineage', `${file} is not a PROV-JSON document`, { data: { path: file } })
}

/** The lineage of a result in words, newest first, with a check that the file is still the one that was written. */
export async function explainLineage(path: string): Promise<string> {
  const { document, file, subject } = await readLineage(path)
  const start = subject === undefined ? undefined : findSubject(document, subject)
  const lines: string[] = []
  const recipe = document.entity['eco:recipe']
  if (start !== undefined) lines.push(await describeOutput(document, start, dirname(file)))
  lines.push(`Recipe ${text(recipe, 'prov:label')}, seed ${text(recipe, 'eco:seed')}: ${text(recipe, 'eco:summary')}`)
  if (recipe?.['eco:command'] !== undefined) lines.push(`Repeat it with: ${text(recipe, 'eco:command')}`)
  lines.push('', 'Steps, the last first:', ...describeSteps(document, start), '', 'Input files:')
  lines.push(...describeFiles(document, start), '', 'Parameters:')
  for (const [parameter, value] of Object.entries(parametersOf(recipe)))
    lines.push(`  ${parameter} = ${JSON.stringify(value)}`)
  for (const agent of Object.values(document.agent))
    lines.push(
      '',
      `Made by ${text(agent, 'prov:label')} ${text(agent, 'eco:version')} on Node ${text(agent, 'eco:node')}`,
    )
  return `${lines.join('\n')}\n`
}

/** An attribute as text; of a typed value, what it holds. */
function text(attributes: Attributes | undefined, key: string): string {
  const value = attributes?.[key] ?? ''
  return String(isObject(value) ? value.$ : value)
}

function parametersOf(recipe: Attributes | undefined): { readonly [name: string]: unknown } {
  const json: unknown = JSON.parse(text(recipe, 'eco:parameters') || '{}')
  return isObject(json) ? json : {}
}

function findSubject(document: ProvDocument, subject: string): string {
  const outputs = Object.keys(document.entity).filter((id) => id.startsWith('eco:output/'))
  const found = outputs.find((id) => id === `eco:output/${subject}`)
  // A file in a folder that was noted down as one, such as `model/model.onnx`.
  const folder = outputs.find((id) => `eco:output/${subject}`.startsWith(`${id}/`))
  const id = found ?? folder
  if (id !== undefined) return id
  const names = outputs.map((one) => one.slice('eco:output/'.length))
  const near = nearest(subject, names)
  throw new InputError('NotInLineage', `${subject} is not among the results that the lineage lists`, {
    hint: near === undefined ? `It lists: ${names.join(', ')}.` : `Did you mean ${near}?`,
    data: { subject, results: names },
  })
}

async function describeOutput(document: ProvDocument, id: string, folder: string): Promise<string> {
  const entity = document.entity[id]!
  const path = join(folder, text(entity, 'prov:location'))
  const info = await stat(path).catch(() => undefined)
  const now = info?.isFile() ? await hashFile(path) : info ? (await (await openHasher()).hash(path)).sha256 : ''
  const state = now === entity['eco:sha256'] ? 'unchanged since' : 'CHANGED since it was written'
  return `${text(entity, 'prov:label')} (sha256 ${text(entity, 'eco:sha256').slice(0, 12)}, ${state})`
}

/** Every entity that one is derived from, itself included; all of them where none is named. */
function ancestors(document: ProvDocument, start: string | undefined): Set<string> {
  if (start === undefined) return new Set(Object.keys(document.entity))
  const found = new Set([start])
  for (const id of found)
    for (const relation of Object.values(document.wasDerivedFrom))
      if (relation['prov:generatedEntity'] === id) found.add(String(relation['prov:usedEntity']))
  return found
}

function describeSteps(document: ProvDocument, start: string | undefined): string[] {
  const wanted = ancestors(document, start)
  const made = Object.values(document.wasGeneratedBy).filter((one) => wanted.has(String(one['prov:entity'])))
  return made.reverse().map((relation) => {
    const step = document.activity[String(relation['prov:activity'])]
    const sources = Object.values(document.used)
      .filter((one) => one['prov:activity'] === relation['prov:activity'])
      .map((one) => text(document.entity[String(one['prov:entity'])], 'prov:label'))
    const took = `${text(step, 'eco:seconds')} s, ended ${text(step, 'prov:endTime')}`
    const from = sources.length === 0 ? '' : ` from ${sources.join(', ')}`
    const process = text(step, 'prov:type').replace(/^eco:/, '')
    return `  ${text(step, 'prov:label')}${from}: ${process} ${text(step, 'eco:version')} (${took})`
  })
}

function describeFiles(document: ProvDocument, start: string | undefined): string[] {
  const wanted = ancestors(document, start)
  return Object.entries(document.entity)
    .filter(([id]) => id.startsWith('eco:file/') && wanted.has(id))
    .map(([, file]) => `  ${text(file, 'prov:location')} (sha256 ${text(file, 'eco:sha256').slice(0, 12)})`)
}
