/** Checks that packages import only downwards, declare what they import, and keep Node out of what browsers need. */
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, normalize, relative, sep } from 'node:path'
import ts from 'typescript'

/** Which packages each package may import; docs: `packages` in the design. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  tensor: ['core'],
  cube: ['core', 'tensor'],
  belief: ['core', 'tensor'],
  model: ['core', 'tensor', 'cube', 'belief'],
  cause: ['core', 'tensor', 'cube', 'belief'],
  run: ['core', 'tensor', 'cube', 'belief', 'model', 'cause'],
  cli: ['core', 'run'],
}

/** Packages whose sources outside `src/node/` run in a browser today. Widen this list, never narrow it. */
export const browserPackages: readonly string[] = ['core', 'belief', 'tensor']

export interface SourceFile {
  readonly package: string
  /** Path below `packages/NAME/`, with forward slashes. */
  readonly path: string
  readonly text: string
}

export interface Manifest {
  readonly name: string
  readonly dependencies: readonly string[]
}

export interface Violation {
  readonly file: string
  readonly message: string
}

/** Every specifier that a source file imports, dynamic imports included. */
export function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, false).importedFiles.map((file) => file.fileName)
}

function packageName(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!
}

function checkRelative(file: SourceFile, specifier: string): string | undefined {
  const target = normalize(join(dirname(file.path), specifier))
    .split(sep)
    .join('/')
  return target.startsWith('src/') || target === 'package.json'
    ? undefined
    : `reaches out of its package by "${specifier}"; import the other package by its name`
}

function checkPackage(file: SourceFile, specifier: string, manifest: Manifest): string | undefined {
  const name = packageName(specifier)
  const scoped = /^@ecotope\/(.+)$/.exec(name)?.[1]
  const allowed = mayImport[file.package] ?? []
  if (scoped !== undefined && !allowed.includes(scoped))
    return `imports @ecotope/${scoped}, but ${file.package} may import only: ${allowed.join(', ') || 'nothing'}`
  if (!manifest.dependencies.includes(name)) return `imports ${name}, which its package.json does not declare`
  return undefined
}

function checkImport(file: SourceFile, specifier: string, manifest: Manifest): string | undefined {
  if (specifier.startsWith('.')) return checkRelative(file, specifier)
  // Chosen by the conditions in the package's own package.json.
  if (specifier.startsWith('#')) return undefined
  if (!isBuiltin(specifier)) return checkPackage(file, specifier, manifest)
  if (!specifier.startsWith('node:')) return `imports "${specifier}" without the prefix node:`
  return browserPackages.includes(file.package) && !file.path.startsWith('src/node/')
    ? `imports ${specifier} outside src/node/, but ${file.package} has to run in a browser`
    : undefined
}

/** Pure: the violations among the given sources. */
export function violations(files: readonly SourceFile[], manifests: Readonly<Record<string, Manifest>>): Violation[] {
  const found: Violation[] = []
  for (const [name, manifest] of Object.entries(manifests)) {
    const file = `packages/${name}/package.json`
    const allowed = mayImport[name]
    if (allowed === undefined) {
      found.push({ file, message: `package ${name} has no row in scripts/directions.ts` })
      continue
    }
    for (const dependency of manifest.dependencies) {
      const scoped = /^@ecotope\/(.+)$/.exec(dependency)?.[1]
      if (scoped !== undefined && !allowed.includes(scoped))
        found.push({ file, message: `declares @ecotope/${scoped}, but may depend only on: ${allowed.join(', ')}` })
    }
  }
  for (const file of files) {
    const manifest = manifests[file.package]
    if (manifest === undefined || mayImport[file.package] === undefined) continue
    for (const specifier of importsOf(file.text)) {
      const message = checkImport(file, specifier, manifest)
      if (message !== undefined) found.push({ file: `packages/${file.package}/${file.path}`, message })
    }
  }
  return found
}

/** Reads `packages/*` below the root. */
export function readPackages(root: string): { files: SourceFile[]; manifests: Record<string, Manifest> } {
  const files: SourceFile[] = []
  const manifests: Record<string, Manifest> = {}
  for (const entry of readdirSync(join(root, 'packages'), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const folder = join(root, 'packages', entry.name)
    const json: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    manifests[entry.name] = manifestOf(json)
    for (const path of readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })) {
      if (!/\.[cm]?tsx?$/.test(path)) continue
      const full = join(folder, 'src', path)
      files.push({
        package: entry.name,
        path: relative(folder, full).split(sep).join('/'),
        text: readFileSync(full, 'utf8'),
      })
    }
  }
  return { files, manifests }
}

function manifestOf(json: unknown): Manifest {
  const { name, dependencies, optionalDependencies } = json as Record<string, Record<string, string> | undefined> & {
    name: string
  }
  return { name, dependencies: Object.keys({ ...dependencies, ...optionalDependencies }) }
}
