/**
 * Makes sure that the dependencies of package-lock.json are installed. Runs before `npm start` and `npm test`, on any
 * Node that can run npm (syntax of Node 14), therefore plain JavaScript. Not a build step.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** Why an install is needed, or undefined. Compares what npm noted down when it finished, so no time stamp can mislead. */
function missing() {
  const wanted = readLock(join(root, 'package-lock.json'))
  if (!wanted) fail('package-lock.json is missing or damaged.', 'Restore it with: git checkout package-lock.json')
  const present = readLock(join(root, 'node_modules', '.package-lock.json'))
  if (!present) return 'dependencies are not installed yet'
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue
    const found = present[path]
    // Packages for other platforms are listed as optional and stay away.
    if (!found && !entry.optional) return `${path.replace(/^.*node_modules\//, '')} is not installed`
    if (found && (found.version !== entry.version || found.integrity !== entry.integrity))
      return `${path.replace(/^.*node_modules\//, '')} is another version`
  }
  const node = pinnedNode()
  const probe = spawnSync(node, ['--version'], { encoding: 'utf8' })
  const version = wanted['node_modules/node'].version
  if (probe.status !== 0 || probe.stdout.trim() !== `v${version}`) return `Node ${version} is not installed`
  return undefined
}

function pinnedNode() {
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

/** npm's own Node, because the pinned one may be replaced while npm works. */
function runNpm(args) {
  const options = {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  }
  const script = process.env.npm_execpath
  if (script && /\.c?js$/.test(script) && existsSync(script))
    return spawnSync(process.env.npm_node_execpath || process.execPath, [script, ...args], options)
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
}

function fail(message, hint) {
  console.error(`error: ${message}`)
  console.error(`hint: ${hint}`)
  process.exit(1)
}

function hintFor(output) {
  const cases = [
    [
      /ENOTFOUND|ETIMEDOUT|ECONNREFUSED|EAI_AGAIN|ENETUNREACH|ECONNRESET/,
      'Check the network connection (and proxy settings of npm), then try again.',
    ],
    [/ENOSPC/, 'The disk is full: free about 1.5 GB, then try again.'],
    [/EACCES|EPERM|EROFS/, 'This folder is not writable for you: clone the repository into a folder of your own.'],
    [/EUSAGE|in sync/, 'package.json and package-lock.json disagree: run npm install and commit the result.'],
  ]
  const found = cases.find(([pattern]) => pattern.test(output))
  return found ? found[1] : 'Run npm ci by hand to see more, then try again.'
}

const reason = missing()
if (reason) {
  const started = Date.now()
  console.log(`Installing (${reason}): npm ci, about a minute ...`)
  const major = Number((runNpm(['--version']).stdout || '0').split('.')[0])
  if (major < 7) fail('npm 7 or later is needed (workspaces).', 'Install a newer one with: npm install --global npm')
  const result = runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  const output = `${result.stdout || ''}${result.stderr || ''}${result.error ? result.error.message : ''}`
  if (result.status !== 0) {
    const lines = output.split('\n').filter((line) => line.trim() && !/^npm warn/i.test(line))
    console.error(lines.slice(0, 15).join('\n'))
    fail('npm ci did not succeed.', hintFor(output))
  }
  const still = missing()
  if (still) fail(`npm ci ended, but ${still}.`, 'Delete the folder node_modules and try again.')
  console.log(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`)
}
