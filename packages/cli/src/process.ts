/** The process around the command line: signals, streams and the exit code. */
import type { Application } from '@ecotope/run'
import manifest from '../package.json' with { type: 'json' }
import { runCli } from './cli.ts'

/** Time for what is idle but not closed (workers, sockets) after the answer is written. */
const GRACE_MS = 2000

/** Runs the command line in this process and sets its exit code. */
export async function runProcess(args: readonly string[], application: Application): Promise<void> {
  const { stdout, stderr } = process
  const stop = new AbortController()
  let asked = 0
  const onSignal = (): void => {
    asked++
    // The work may be deep in native code; a second request does not wait for it.
    if (asked > 1) process.exit(130)
    stderr.write(`${stderr.isTTY ? '\r\u001b[K' : ''}Stopping cleanly; once more to stop at once ...\n`)
    stop.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // A reader that has seen enough (`| head`) is no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const code = await runCli(args, { application, stdout, stderr, signal: stop.signal, version: manifest.version })
  // Not process.exit at once: what is still on its way to a pipe has to arrive.
  process.exitCode = code
  setTimeout(() => process.exit(code), GRACE_MS).unref()
}
