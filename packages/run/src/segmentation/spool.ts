/** Rows of layers written in order to a temporary file and read back by windows: a map larger than memory on its way to COGs. */
import { type FileHandle, open, rm } from 'node:fs/promises'
import type { Window } from '@ecotope/cube'

export interface Spool {
  /** Appends rows `[layers, rows, width]`. */
  append(rows: number, values: Float32Array): Promise<void>
  /** Some layers of a window inside the raster, `[chosen.length, height, width]`. */
  read(window: Window, chosen: readonly number[]): Promise<Float32Array<ArrayBuffer>>
  close(): Promise<void>
}

const BYTES = 4

/** The file holds `[row][layer][column]`, so that rows can be appended as they come. */
export async function openSpool(path: string, layers: number, width: number): Promise<Spool> {
  const file = await open(path, 'w+')
  let written = 0
  return {
    append: async (rows, values) => {
      const block = new Float32Array(values.length)
      for (let layer = 0; layer < layers; layer++) {
        for (let r = 0; r < rows; r++) {
          const from = (layer * rows + r) * width
          block.set(values.subarray(from, from + width), (r * layers + layer) * width)
        }
      }
      await file.write(new Uint8Array(block.buffer), 0, block.byteLength, written * layers * width * BYTES)
      written += rows
    },
    read: async (window, chosen) => {
      const out = new Float32Array(chosen.length * window.height * window.width).fill(Number.NaN)
      const rows = Math.min(window.height, written - window.row)
      const columns = Math.min(window.width, width - window.column)
      for (const [i, layer] of chosen.entries()) {
        for (let r = 0; r < rows; r++) {
          const at = (i * window.height + r) * window.width
          await readInto(
            file,
            out.subarray(at, at + columns),
            ((window.row + r) * layers + layer) * width + window.column,
          )
        }
      }
      return out
    },
    close: async () => {
      await file.close()
      await rm(path, { force: true })
    },
  }
}

async function readInto(file: FileHandle, target: Float32Array, at: number): Promise<void> {
  await file.read(new Uint8Array(target.buffer, target.byteOffset, target.byteLength), 0, target.byteLength, at * BYTES)
}
