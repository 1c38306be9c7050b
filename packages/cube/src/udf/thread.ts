/** Processes that user-defined functions run in: one per source, kept while in use, ended when a limit is passed. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CancelledError, InputError, throwIfAborted } from '@ecotope/core'
import type { HostMessage, HostStart, UdfAnswer, UdfRequest } from './messages.ts'
import { type UdfCode, udfFailed } from './source.ts'

export interface UdfLimits {
  /** Longest time of one call, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number
  /** Most memory that a UDF may hold, heap and arrays together, in megabytes. Default 512. */
  readonly memoryMb?: number
}

export const DEFAULT_LIMITS = { timeoutMs: 60_000, memoryMb: 512 } as const

/** A process that nobody has used for this long ends. */
const IDLE_MS = 2_000

/** Calls that are on their way to a process at the same time, so that it need not wait for the next. */
const DEPTH = 256

type Message = Omit<UdfRequest, 'id'>

interface Pending {
  readonly message: Message
  readonly resolve: (answer: UdfAnswer) => void
  readonly reject: (error: unknown) => void
}

/** Calls of one UDF, one after the other, answered in their order. */
class UdfThread {
  #host: ChildProcess | undefined
  #isUp = false
  #timer: NodeJS.Timeout | undefined
  #idle: NodeJS.Timeout | undefined
  #waiting: Pending[] = []
  /** Sent and not answered yet; the first is the one that runs. */
  #sent: Pending[] = []
  /** Requests that go to the process with the next message. */
  #posted: UdfRequest[] = []
  readonly #code: UdfCode
  readonly #limits: Required<UdfLimits>

  constructor(code: UdfCode, limits: Required<UdfLimits>) {
    this.#code = code
    this.#limits = limits
  }

  async call(message: Message, signal: AbortSignal | undefined): Promise<UdfAnswer> {
    throwIfAborted(signal)
    let pending: Pending | undefined
    const onAbort = (): void => this.#cancel(pending!)
    try {
      return await new Promise<UdfAnswer>((resolve, reject) => {
        pending = { message, resolve, reject }
        signal?.addEventListener('abort', onAbort)
        this.#waiting.push(pending)
        this.#pump()
      })
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#sent.length < DEPTH) {
      const pending = this.#waiting.shift()!
      const host = this.#ready()
      this.#sent.push(pending)
      if (this.#sent.length === 1) this.#begin(host)
      this.#post(host, { id: 0, ...pending.message })
    }
  }

  /** Calls of the same time go in one message. A process that has just ended tells so by itself. */
  #post(host: ChildProcess, request: UdfRequest): void {
    if (this.#posted.push(request) > 1) return
    const requests = this.#posted
    queueMicrotask(() => {
      if (this.#posted === requests) this.#posted = []
      if (this.#host === host) host.send(requests, () => undefined)
    })
  }

  #begin(host: ChildProcess): void {
    clearTimeout(this.#idle)
    setRef(host, true)
    this.#restartTimer()
  }

  /** The time of a call counts from when its sandbox is up. */
  #restartTimer(): void {
    clearTimeout(this.#timer)
    if (!this.#isUp) return
    this.#timer = setTimeout(() => this.#fail(this.#timeout()), this.#limits.timeoutMs)
  }

  #answered(answer: UdfAnswer): void {
    const pending = this.#sent.shift()
    if (this.#sent.length === 0) this.#rest()
    else this.#restartTimer()
    pending?.resolve(answer)
    this.#pump()
  }

  #rest(): void {
    clearTimeout(this.#timer)
    setRef(this.#host, false)
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref()
  }

  /** The call that runs fails and its process ends; the calls after it go to a new one. */
  #fail(error: unknown): void {
    const [pending, ...rest] = this.#sent
    this.#sent = []
    this.#waiting = [...rest, ...this.#waiting]
    this.#rest()
    this.#end()
    pending?.reject(error)
    this.#pump()
  }

  #cancel(pending: Pending): void {
    if (this.#waiting.includes(pending)) this.#waiting = this.#waiting.filter((one) => one !== pending)
    else if (this.#sent.includes(pending)) {
      const first = this.#sent[0]!
      const others = this.#sent.filter((one) => one !== pending && one !== first)
      // The running call is cut off with its process; where that is another one, it starts anew.
      this.#sent = first === pending ? [pending, ...others] : [pending, first, ...others]
      this.#fail(new CancelledError())
      return
    }
    pending.reject(new CancelledError())
  }

  #ready(): ChildProcess {
    if (this.#host !== undefined) return this.#host
    const host = startHost()
    // A process that was ended may still report something; it is no longer ours then.
    const ours = (act: () => void): void => {
      if (this.#host === host) act()
    }
    host.on('message', (message: HostMessage) => ours(() => this.#told(message)))
    host.on('error', (error) => ours(() => this.#fail(udfFailed(this.#code.name, undefined, error.message))))
    host.on('exit', (status, signal) => ours(() => this.#fail(this.#ended(status, signal))))
    host.send({ code: this.#code, memoryMb: this.#limits.memoryMb } satisfies HostStart)
    this.#host = host
    this.#isUp = false
    return host
  }

  #told(message: HostMessage): void {
    if (message.state === 'answers') {
      for (const answer of message.answers) this.#answered(answer)
    } else if (message.state === 'memory') this.#fail(this.#outOfMemory())
    else if (message.state === 'failed') this.#fail(udfFailed(this.#code.name, undefined, message.message))
    else {
      this.#isUp = true
      if (this.#sent.length > 0) this.#restartTimer()
    }
  }

  /** V8 aborts where memory runs out within its own functions. */
  #ended(status: number | null, signal: string | null): InputError {
    const isAborted = signal === 'SIGABRT' || status === 134
    return isAborted
      ? this.#outOfMemory()
      : udfFailed(this.#code.name, undefined, `its process ended (${signal ?? status})`)
  }

  #timeout(): InputError {
    const { timeoutMs } = this.#limits
    return new InputError('UdfTimeout', `${this.#code.name} took longer than ${timeoutMs / 1000} s`, {
      hint: 'Look for a loop without an end, or raise the time limit of UDFs.',
      data: { udf: this.#code.name, timeoutMs },
    })
  }

  #outOfMemory(): InputError {
    const { memoryMb } = this.#limits
    return new InputError('UdfMemory', `${this.#code.name} needs more than ${memoryMb} MB`, {
      hint: 'Work on smaller pieces, or raise the memory limit of UDFs.',
      data: { udf: this.#code.name, memoryMb },
    })
  }

  #end(): void {
    const host = this.#host
    this.#host = undefined
    this.#posted = []
    host?.kill('SIGKILL')
  }
}

/** Files that the process needs; it may read no others, nor start programs. */
const OWN_FILES = fileURLToPath(new URL('.', import.meta.url))

function startHost(): ChildProcess {
  const { SystemRoot } = process.env
  const host = fork(new URL('./host.ts', import.meta.url), [], {
    execArgv: ['--no-warnings', '--permission', '--allow-worker', `--allow-fs-read=${OWN_FILES}`],
    // Windows cannot start a program without its folder.
    env: SystemRoot === undefined ? {} : { SystemRoot },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  return host
}

const setRef = (host: ChildProcess | undefined, isWaited: boolean): void => {
  const how = isWaited ? 'ref' : 'unref'
  host?.[how]()
  host?.channel?.[how]()
}

const threads = new Map<string, UdfThread>()

/** The thread of a source with these limits. */
export function threadOf(code: UdfCode, limits: UdfLimits = {}): { call: UdfThread['call'] } {
  const timeoutMs = limits.timeoutMs ?? DEFAULT_LIMITS.timeoutMs
  const memoryMb = limits.memoryMb ?? DEFAULT_LIMITS.memoryMb
  const key = `${timeoutMs} ${memoryMb} ${code.name}\n${code.code}`
  let thread = threads.get(key)
  if (thread === undefined) {
    // Sources are few; what is no longer used has ended its worker and is only a text.
    if (threads.size >= 64) threads.clear()
    thread = new UdfThread(code, { timeoutMs, memoryMb })
    threads.set(key, thread)
  }
  return thread
}
