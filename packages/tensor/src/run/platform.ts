/** What differs between Node and a page: which devices there are, and how a worker is started. Types only. */

import type { Device, ReplyMessage, RequestMessage } from './protocol.ts'

/** The main thread's end of a worker. */
export interface Channel {
  post(message: RequestMessage, transfer: readonly ArrayBuffer[]): void
  /** Whether replies are awaited: a process stays alive for a reply, not for an idle worker. */
  hold(awaiting: boolean): void
  close(): Promise<void>
}

export interface ChannelEvents {
  readonly onMessage: (message: ReplyMessage) => void
  /** The worker failed or ended; `reason` completes "the worker ...". */
  readonly onLost: (reason: string, cause?: unknown) => void
}

export interface Platform {
  /** In the order of preference: the first is the default. */
  readonly devices: readonly [Device, ...Device[]]
  open(events: ChannelEvents): Channel
}
