/** What decoders throw: the reason only. The reader adds which file and which chunk. */

export class DamagedData extends Error {}

/** A value that a cube cannot hold without loss. */
export class InexactValue extends Error {}

/** Throws where `condition` is false. */
export function sound(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new DamagedData(reason)
}
