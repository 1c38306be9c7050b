// Blosc's inner work: shuffles of bytes and bits, LZ4 and BloscLZ.

export { shuffleBits, unshuffleBits } from './parts/bits'
export { decompressLz } from './parts/blosclz'
export { compress, decompress, TABLE_BYTES } from './parts/lz4'
export { shuffle, unshuffle } from './parts/shuffles'
