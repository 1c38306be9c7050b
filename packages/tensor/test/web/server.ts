/**
 * Serves the workspace to a page: TypeScript with its types stripped, bare specifiers resolved to addresses as a bundler
 * would (conditions `browser`, `import`, `default`), and ONNX Runtime's files. For tests only.
 */

import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, extname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..')
const conditions = new Set(['browser', 'import', 'default'])

type Target = string | { readonly [condition: string]: Target } | undefined
interface Manifest {
  readonly exports?: Readonly<Record<string, Target>>
  readonly imports?: Readonly<Record<string, Target>>
}

const manifestAt = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

function choose(target: Target): string | undefined {
  if (target === undefined || typeof target === 'string') return target
  const condition = Object.keys(target).find((name) => conditions.has(name) && choose(target[name]) !== undefined)
  return condition === undefined ? undefined : choose(target[condition])
}

function packageOf(file: string): string {
  let folder = dirname(file)
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}

const address = (file: string): string => `/${relative(root, file).split(sep).join('/')}`

/** The address of a bare specifier, seen from a file. */
export function resolveSpecifier(specifier: string, from: string): string {
  const own = specifier.startsWith('#')
  const parts = specifier.split('/')
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  const folder = own ? packageOf(from) : realpathSync(join(root, 'node_modules', name))
  const manifest = manifestAt(folder)
  const target = own ? manifest.imports?.[specifier] : manifest.exports?.[`.${specifier.slice(name.length)}`]
  const file = choose(target)
  if (file === undefined) throw new Error(`${from}: nothing in a browser answers to ${specifier}`)
  return address(join(folder, file))
}

const bare = /(^|[\s}*])((?:from|import)\s*\(?\s*)(['"])([@#a-z][\w@#./-]*)\3/g

/** A module as a browser can load it. */
export function toBrowserModule(file: string): string {
  const code = stripTypeScriptTypes(readFileSync(file, 'utf8'))
  return code.replace(bare, (_, before: string, keyword: string, quote: string, specifier: string) => {
    return `${before}${keyword}${quote}${resolveSpecifier(specifier, file)}${quote}`
  })
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript',
  '.mjs': 'text/javascript',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/** Isolation from other origins: without it a page has no shared memory, and WASM one thread. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

const document = `<!doctype html><title>ecotope</title><script type="module">
import * as page from '/packages/tensor/test/web/page.ts'
globalThis.page = page
</script>`

function answer(path: string, response: ServerResponse): void {
  const file = join(root, path)
  const type = mediaTypes[extname(file)]
  if (path === '/favicon.ico') {
    response.writeHead(204, isolation).end()
  } else if (path === '/') {
    response.writeHead(200, { ...isolation, 'Content-Type': 'text/html' })
    response.end(document)
  } else if (type === undefined || !file.startsWith(root + sep) || !existsSync(file)) {
    response.writeHead(404, isolation).end()
  } else {
    const body = extname(file) === '.ts' ? toBrowserModule(file) : readFileSync(file)
    response.writeHead(200, { ...isolation, 'Content-Type': type, 'Cache-Control': 'max-age=600' })
    response.end(body)
  }
}

export interface TestServer {
  readonly origin: string
  close(): Promise<void>
}

/** Listens on a free port of this machine. */
export async function serveWorkspace(): Promise<TestServer> {
  const server: Server = createServer((request, response) => {
    try {
      answer(new URL(request.url ?? '/', 'http://localhost').pathname, response)
    } catch (error) {
      response.writeHead(500, isolation).end(String(error))
    }
  })
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done)
  })
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}
