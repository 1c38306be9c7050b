/** TIFF predictors (2: horizontal differences, 3: floating point) and byte order, undone and done in place, row by row. */

import type { WordArray } from '../dtype.ts'

/** Swaps the bytes of every sample in place. */
export function swapBytes(bytes: Uint8Array, width: number): void {
  if (width === 1) return
  for (let i = 0; i + width <= bytes.length; i += width) {
    for (let a = i, b = i + width - 1; a < b; a++, b--) {
      const held = bytes[a]!
      bytes[a] = bytes[b]!
      bytes[b] = held
    }
  }
}

export interface Rows {
  readonly rows: number
  /** Pixels in a row. */
  readonly columns: number
  /** Samples in a pixel, those that lie side by side. */
  readonly samples: number
}

type Words = Uint8Array | Uint16Array | Uint32Array

/** Undoes predictor 2: every sample was stored as the difference from the pixel to its left, modulo the word. */
export function undoHorizontal(words: Words | BigUint64Array, shape: Rows): void {
  if (words instanceof BigUint64Array) {
    undoWide(words, shape)
    return
  }
  const stride = shape.columns * shape.samples
  for (let s = 0; s < shape.samples; s++) {
    for (let r = 0; r < shape.rows; r++) {
      let sum = 0
      for (let i = r * stride + s, end = (r + 1) * stride; i < end; i += shape.samples) {
        sum = (sum + words[i]!) | 0
        words[i] = sum
      }
    }
  }
}

/** Pixels of several samples to one plane per sample; with `summed`, undoes predictor 2 on the way. */
export function split(pixels: WordArray, planes: WordArray, { rows, columns, samples }: Rows, summed: boolean): void {
  const stride = columns * samples
  let to = 0
  for (let s = 0; s < samples; s++) {
    for (let r = 0; r < rows; r++) {
      const end = (r + 1) * stride
      if (summed) {
        let sum = 0
        for (let i = r * stride + s; i < end; i += samples) {
          sum = (sum + pixels[i]!) | 0
          planes[to++] = sum
        }
      } else for (let i = r * stride + s; i < end; i += samples) planes[to++] = pixels[i]!
    }
  }
}

function undoWide(words: BigUint64Array, { rows, columns, samples }: Rows): void {
  const stride = columns * samples
  for (let r = 0; r < rows; r++) {
    for (let i = r * stride + samples; i < (r + 1) * stride; i++) words[i] = words[i]! + words[i - samples]!
  }
}

/** Does predictor 2 in place. */
export function doHorizontal(words: Words | BigUint64Array, { rows, columns, samples }: Rows): void {
  const stride = columns * samples
  for (let r = 0; r < rows; r++) {
    const start = r * stride
    for (let i = start + stride - 1; i >= start + samples; i--) {
      if (words instanceof BigUint64Array) words[i] = words[i]! - words[i - samples]!
      else words[i] = words[i]! - words[i - samples]!
    }
  }
}

/** Undoes predictor 3: bytes differenced over the row, in planes from the most significant byte (Adobe TN 3). */
export function undoFloating(bytes: Uint8Array, { rows, columns, samples }: Rows, width: number): void {
  const count = columns * samples
  const stride = count * width
  const row = new Uint8Array(stride)
  for (let r = 0; r < rows; r++) {
    const start = r * stride
    for (let i = start + samples; i < start + stride; i++) bytes[i] = (bytes[i]! + bytes[i - samples]!) & 255
    row.set(bytes.subarray(start, start + stride))
    for (let b = 0; b < width; b++) {
      const plane = (width - 1 - b) * count
      for (let i = 0, at = start + b; i < count; i++, at += width) bytes[at] = row[plane + i]!
    }
  }
}

/** Does predictor 3 in place on little-endian samples. */
export function doFloating(bytes: Uint8Array, { rows, columns, samples }: Rows, width: number): void {
  const count = columns * samples
  const stride = count * width
  const row = new Uint8Array(stride)
  for (let r = 0; r < rows; r++) {
    const start = r * stride
    row.set(bytes.subarray(start, start + stride))
    for (let b = 0; b < width; b++) {
      const plane = start + (width - 1 - b) * count
      for (let i = 0, at = b; i < count; i++, at += width) bytes[plane + i] = row[at]!
    }
    for (let i = start + stride - 1; i >= start + samples; i--) bytes[i] = (bytes[i]! - bytes[i - samples]!) & 255
  }
}

/** The unsigned words over a block's bytes, for predictor 2. */
export function wordsOf(bytes: Uint8Array<ArrayBuffer>, width: number): Words | BigUint64Array {
  const length = Math.floor(bytes.length / width)
  if (width === 2) return new Uint16Array(bytes.buffer, bytes.byteOffset, length)
  if (width === 4) return new Uint32Array(bytes.buffer, bytes.byteOffset, length)
  if (width === 8) return new BigUint64Array(bytes.buffer, bytes.byteOffset, length)
  return bytes
}
