/**
 * The sandbox of one user-defined function, in a thread of its own: a V8 context that has the language and nothing of
 * Node. No object of this side is ever handed in, so that code has nothing to climb out by: values cross as text or as
 * bytes written into the context's own buffers.
 */
import { types } from 'node:util'
import { type Context, createContext, Script } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import type { BlockMessage, UdfAnswer, UdfRequest, ValueMessage } from './messages.ts'
import type { UdfCode } from './source.ts'

/** What runs inside the context before the user's code and is called by this side. Takes and gives plain values. */
const PRELUDE = `(() => {
  'use strict'
  const { parse, stringify } = JSON
  const { isArray } = Array
  const [F32, F64, F, P] = [Float32Array, Float64Array, Number.isFinite, Promise]
  const T = Object.getPrototypeOf(F64)
  const MARK = '\\u0000number'
  const isMarked = (item) => typeof item === 'object' && item !== null && MARK in item
  const has = Function.prototype.call.bind(String.prototype.includes)
  const every = Function.prototype.call.bind(Array.prototype.every)
  const includes = Function.prototype.call.bind(Array.prototype.includes)
  const find = Function.prototype.call.bind(Array.prototype.find)
  const isPlain = (item) => {
    if (typeof item === 'number') return F(item)
    return isArray(item) ? every(item, isPlain) : item === null || includes(['string', 'boolean', 'undefined'], typeof item)
  }
  const decode = (text) =>
    has(text, '\\\\u0000number') ? parse(text, (_, item) => (isMarked(item) ? Number(item[MARK]) : item)) : parse(text)
  const KINDS = [Map, Set, WeakMap, WeakSet, RegExp, ArrayBuffer, DataView, Promise]
  const NO_VALUES = ['function', 'symbol', 'bigint']
  // JSON would write null or {} for these.
  const kindOf = (item) =>
    includes(NO_VALUES, typeof item) ? typeof item : find(KINDS, (kind) => item instanceof kind)?.name
  const checked = (item) => {
    const kind = kindOf(item)
    if (kind === undefined) return item
    throw new TypeError('apply gave a ' + kind + ', which is no value: return numbers, texts, lists or plain objects')
  }
  const encode = (value, check = checked) => {
    if (isPlain(value)) return stringify(value) ?? 'null'
    return stringify(check(value), (_, item) => {
      if (item instanceof T) return Array.from(item)
      return typeof item === 'number' && !F(item) ? { [MARK]: String(item) } : check(item)
    })
  }
  const textOf = (item) => {
    if (item === undefined) return 'undefined'
    try {
      return typeof item === 'string' ? item : (encode(item, (one) => (kindOf(one) === undefined ? one : '[' + kindOf(one) + ']')) ?? String(item))
    } catch {
      return 'what cannot be shown as text'
    }
  }
  const logs = []
  const log = (...items) => {
    if (logs.length < 1000) logs.push(items.map(textOf).join(' '))
  }
  globalThis.console = { log, info: log, warn: log, error: log, debug: log }
  Math.random = () => {
    throw new Error('Math.random is not available: a UDF has to give the same result each time')
  }
  for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics']) delete globalThis[name]
  let input, slot
  const number = (item, i) => {
    if (item === null || item === undefined) return NaN
    if (typeof item === 'number' || typeof item === 'boolean') return Number(item)
    throw new TypeError('element ' + i + ' of what apply gave is ' + textOf(item) + ', which is no number')
  }
  const blockOf = (result) => {
    if (result instanceof F64 || result instanceof F32) return { data: result }
    if (isArray(result) || result instanceof T) return { data: F64.from(result, number) }
    if (typeof result !== 'object' || result === null) throw new Error('apply gave neither an array nor { data, dims }')
    const data = result.data
    if (data instanceof F64 || data instanceof F32) return { data, dims: result.dims }
    return { data: blockOf(data).data, dims: result.dims }
  }
  const settle = (result, isBlock) => {
    if (!isBlock) {
      slot = { state: 'value', json: encode(result) }
      return
    }
    const { data, dims } = blockOf(result)
    slot = {
      state: 'block',
      buffer: data.buffer,
      offset: data.byteOffset,
      length: data.length,
      bytes: data.BYTES_PER_ELEMENT,
      dims: dims === undefined ? '' : encode(dims),
    }
  }
  // What is thrown may be anything, an object whose fields throw included.
  const reportOf = (error) => {
    try {
      const { message, stack } = Object(error)
      const isError = typeof message === 'string' && message !== ''
      return { message: isError || typeof error === 'string' ? message || error : 'it threw ' + textOf(error), stack: '' + stack }
    } catch (inner) {
      return { message: 'it threw what cannot be shown as text', stack: '' }
    }
  }
  const fail = (error) => {
    slot = { state: 'error', ...reportOf(error) }
  }
  return {
    allocate(bytes, length) {
      input = new (bytes === 4 ? F32 : F64)(length)
      return input.buffer
    },
    call(apply, json, context, info) {
      logs.length = 0
      slot = { state: 'pending' }
      try {
        const isBlock = json === undefined
        const result = apply(isBlock ? input : decode(json), decode(context), decode(info))
        input = undefined
        if (typeof result === 'object' && result !== null && typeof result.then === 'function')
          new P((resolve) => resolve(result)).then((value) => settle(value, isBlock)).catch(fail)
        else settle(result, isBlock)
      } catch (error) {
        fail(error)
      }
    },
    result: () => slot,
    reportOf,
    logs: () => (logs.length === 0 ? '' : stringify(logs)),
  }
})()`

interface Prelude {
  allocate(bytes: number, length: number): ArrayBuffer
  call(apply: unknown, json: string | undefined, context: string, info: string): void
  result(): Slot
  reportOf(error: unknown): { readonly message: string; readonly stack: string }
  logs(): string
}

interface Slot {
  readonly state: 'pending' | 'value' | 'block' | 'error'
  readonly [field: string]: unknown
}

/** Should an object of this side leak all the same, code cannot be made from text through it. */
function disarm(): void {
  const makers = [
    Function,
    (async () => undefined).constructor,
    function* () {}.constructor,
    async function* () {}.constructor,
  ]
  for (const maker of makers) Reflect.deleteProperty(maker.prototype as object, 'constructor')
  for (const name of ['process', 'fetch', 'WebSocket', 'EventSource', 'navigator', 'Buffer', 'performance'])
    Reflect.deleteProperty(globalThis, name)
}

interface Sandbox {
  readonly prelude: Prelude
  /** The user's functions; `dims` is optional. */
  readonly apply: unknown
  readonly dims: unknown
  readonly drain: () => void
}

/** What the code threw before `apply` was called. */
class CodeError extends Error {
  constructor({ message, stack }: { readonly message: string; readonly stack: string }) {
    super(message)
    this.stack = stack
  }
}

function openSandbox({ code, name }: UdfCode): Sandbox {
  const context: Context = createContext(Object.create(null) as Context, {
    codeGeneration: { strings: false, wasm: false },
    // Promises of the context settle when its scripts end, so that an endless chain of them cannot outlive a call.
    microtaskMode: 'afterEvaluate',
  })
  const run = (text: string, filename: string): unknown => new Script(text, { filename }).runInContext(context)
  const prelude = run(PRELUDE, 'sandbox') as Prelude
  try {
    run(`'use strict'; ${code}`, name)
  } catch (error) {
    throw types.isNativeError(error) && error instanceof SyntaxError ? error : new CodeError(prelude.reportOf(error))
  }
  const apply = run(`typeof apply === 'function' ? apply : undefined`, 'sandbox')
  const dims = run(`typeof dims === 'function' ? dims : () => null`, 'sandbox')
  const nothing = new Script('0', { filename: 'sandbox' })
  return { prelude, apply, dims, drain: () => void nothing.runInContext(context) }
}

/** The last line of the user's code that a stack goes through. The first line of the script is shifted, not its number. */
function lineIn(stack: unknown, name: string): number | undefined {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const match = new RegExp(`${escaped}:(\\d+)`).exec(String(stack))
  return match === null ? undefined : Number(match[1])
}

function answer(sandbox: Sandbox, request: UdfRequest, name: string): UdfAnswer {
  const { prelude, drain } = sandbox
  const { id, input } = request
  if (input.kind === 'block') {
    const { data } = input
    const buffer = prelude.allocate(data.BYTES_PER_ELEMENT, data.length)
    new Uint8Array(buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  prelude.call(sandbox[request.call], input.kind === 'block' ? undefined : input.json, request.context, request.info)
  drain()
  const slot = prelude.result()
  const said = prelude.logs()
  const logs = said === '' ? [] : (JSON.parse(said) as string[])
  if (slot.state === 'value') return { id, output: { kind: 'value', json: String(slot.json) }, logs }
  if (slot.state === 'block') return { id, output: blockOf(slot, input), logs }
  const message =
    slot.state === 'pending' ? 'apply gave a promise that nothing in the sandbox can settle' : String(slot.message)
  const line = lineIn(slot.stack, name)
  return { id, error: { message, ...(line === undefined ? {} : { line }) }, logs }
}

/** Copies a result out of the context. */
function blockOf(slot: Slot, input: BlockMessage | ValueMessage): BlockMessage {
  const { buffer, offset, length, bytes } = slot as unknown as {
    buffer: unknown
    offset: number
    length: number
    bytes: number
  }
  if (!types.isArrayBuffer(buffer)) throw new TypeError('the result is no array of numbers')
  const copy = new Uint8Array(buffer, Number(offset), Number(length) * Number(bytes)).slice()
  const data = bytes === 4 ? new Float32Array(copy.buffer) : new Float64Array(copy.buffer)
  const text = String(slot.dims)
  const dims = text === '' && input.kind === 'block' ? input.dims : (JSON.parse(text) as BlockMessage['dims'])
  return { kind: 'block', data, dims }
}

function main(): void {
  const port = parentPort!
  const code = workerData as UdfCode
  let sandbox: Sandbox | undefined
  let failure: UdfAnswer | undefined
  const failed = (id: number, error: unknown): UdfAnswer => {
    const { message, stack } = error as { message?: unknown; stack?: unknown }
    const line = lineIn(stack, code.name)
    return { id, error: { message: String(message ?? error), ...(line === undefined ? {} : { line }) }, logs: [] }
  }
  disarm()
  port.on('message', (request: UdfRequest) => {
    if (failure !== undefined) return port.postMessage({ ...failure, id: request.id })
    try {
      sandbox ??= openSandbox(code)
      if (sandbox.apply === undefined) throw new Error('there is no function apply')
      const reply = answer(sandbox, request, code.name)
      port.postMessage(reply)
    } catch (error) {
      failure = sandbox === undefined ? failed(request.id, error) : undefined
      port.postMessage(failed(request.id, error))
    }
  })
}

main()
