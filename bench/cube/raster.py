"""The peer of raster.ts: reads, writes and warps by rasterio and GDAL; a line on standard input asks for one run.

Usage: raster.py CASE FOLDER. Reads: one file after the other with two decoding threads of GDAL, or whole files in two
threads, as PEER_MODE says (`gdal`, the faster and the default, or `files`). Writing: the COG driver with NUM_THREADS=2,
default levels. Warp: error threshold 0, two threads.
"""

import glob
import os
import resource
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.io import MemoryFile
from rasterio.shutil import copy
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject

case, folder = sys.argv[1], sys.argv[2]
files = case.partition("-")[2] or "deflate"
paths = sorted(glob.glob(os.path.join(folder, files, "*.tif")))
mode = os.environ.get("PEER_MODE", "gdal")
pool = ThreadPoolExecutor(2)


def read_one(path):
    with rasterio.open(path) as dataset:
        return dataset.read()


kept = threading.local()


def row(path):
    """The sum of row 1000 of all bands, as raster-ours.ts has it, of a file read to memory that is kept for the next."""
    with rasterio.open(path) as dataset:
        if not hasattr(kept, "data"):
            kept.data = np.empty((dataset.count, *dataset.shape), dataset.dtypes[0])
        return float(dataset.read(out=kept.data)[:, 1000].astype("float64").sum())


def read():
    if mode == "gdal":
        with rasterio.Env(GDAL_NUM_THREADS="2"):
            return sum(row(path) for path in paths)
    return sum(pool.map(row, paths))


first = read_one(paths[0])
with rasterio.open(paths[0]) as dataset:
    names = dataset.descriptions
memory = MemoryFile()
profile = dict(driver="GTiff", width=first.shape[2], height=first.shape[1], count=first.shape[0], dtype=first.dtype,
               crs="EPSG:32632", nodata=0, transform=Affine(10, 0, 600000, 0, -10, 5200000))
with memory.open(**profile) as made:
    made.write(first)
    made.descriptions = names
held = memory.open()


def write():
    with tempfile.TemporaryDirectory() as target:
        path = os.path.join(target, "out.tif")
        copy(held, path, driver="COG", COMPRESS="DEFLATE", PREDICTOR="YES", BLOCKSIZE="512", NUM_THREADS="2",
             OVERVIEW_RESAMPLING="AVERAGE")
        return os.path.getsize(path)


def warp():
    source = read_one(paths[0])
    out = np.zeros(source.shape, "uint16")
    reproject(source, out, src_transform=profile["transform"], src_crs=CRS.from_epsg(32632), src_nodata=0, dst_nodata=0,
              dst_transform=Affine(10, 0, 143500, 0, -10, 5210000), dst_crs=CRS.from_epsg(32633),
              resampling=Resampling.bilinear, num_threads=2, tolerance=0, ERROR_THRESHOLD=0)
    return float(out.ravel()[::1000].astype("float64").sum())


once = {"write": write, "write-floats": write, "warp": warp}.get(case, read)
for _ in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    result = once()
    elapsed, used = (time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3
    print(elapsed, used, result, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
