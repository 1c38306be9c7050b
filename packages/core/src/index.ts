export {
  CancelledError,
  EcotopeError,
  EnvironmentError,
  type ErrorOptions,
  InputError,
  nearest,
  throwIfAborted,
} from './errors.ts'
export {
  type OnProgress,
  type OnWarning,
  type ProgressEvent,
  secondsLeft,
  type Warning,
  type WorkOptions,
} from './progress.ts'
export { hashText, philox, philoxWords, type Quad, type Random, random } from './random.ts'
export { VERSION } from './version.ts'
