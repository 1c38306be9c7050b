/**
 * GeoTIFF beside rasterio and GDAL on the files of make.py: full reads (deflate, zstd, LZW, floats), writing a COG (integers, floats), an exact bilinear
 * warp. Two threads each, runs interleaved, ratio of medians. Prints a line of JSON for each case.
 * Usage: node bench/cube/raster.ts FOLDER [read-deflate|read-zstd|read-lzw|read-floats|write|write-floats|warp|all] [rounds]
 * The peer is Python ($PYTHON) with rasterio and, for the warp, GDAL's own module where it is installed.
 */
import { fileURLToPath } from 'node:url'
import { compare, openPeer, python } from '../peer.ts'

const CASES = {
  'read-deflate': 1,
  'read-zstd': 1,
  'read-lzw': 1,
  'read-floats': 1,
  write: 1,
  'write-floats': 1,
  warp: 0.6,
} as const
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const [folder = '.', wanted = 'all', rounds = '7'] = process.argv.slice(2)
for (const [name, limit] of Object.entries(CASES)) {
  if (wanted !== 'all' && wanted !== name) continue
  const peers = {
    ecotope: openPeer(process.execPath, [here('raster-ours.ts'), name, folder]),
    peer: openPeer(python, [here('raster.py'), name, folder]),
  }
  console.log(JSON.stringify({ case: name, limit, ...(await compare(peers, Number(rounds))) }))
}
