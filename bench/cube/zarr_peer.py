"""The peer of zarr.ts: zarr-python. zarr_peer.py make|read|write FOLDER [SIZE [COMPRESSION]]. Needs zarr 3 and numpy.

`make` writes the made-up cube if it is not there. `read` and `write` do one run for each line of input and answer
milliseconds (wall, processor), a sum, and the peak of memory in MB. Two threads.
"""

import pathlib
import resource
import shutil
import sys
import time
import warnings

import numpy as np
import zarr

warnings.simplefilter("ignore")
mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])
size = int(sys.argv[3]) if len(sys.argv) > 3 else 2048
compression = sys.argv[4] if len(sys.argv) > 4 else "blosc"
shape, chunks = (24, 6, size, size), (1, 1, min(512, size), min(512, size))
zarr.config.set({"threading.max_workers": 2})
CODECS = {
    "blosc": zarr.codecs.BloscCodec(cname="lz4", clevel=5, shuffle="shuffle"),
    "zstd": zarr.codecs.ZstdCodec(level=1),
}


def cells():
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[0:size, 0:size].astype("float32")
    ground = np.sin(rows / 97) * np.cos(columns / 61) + 0.5 * np.sin((rows + columns) / 23)
    out = np.empty(shape, "uint16")
    for date in range(24):
        cloud = np.sin(rows / 211 + date) * np.sin(columns / 173 - 2 * date) > 0.7
        for band in range(6):
            level = 800 + 350 * band + 200 * np.sin(2 * np.pi * date / 24) * (band == 3)
            noise = rng.normal(0, 12, (size, size)).astype("float32")
            values = np.clip(level * (1 + 0.3 * ground) + noise, 1, 10000)
            out[date, band] = np.where(cloud, 0, values)
    return out


def create(path):
    return zarr.create_array(path, shape=shape, chunks=chunks, dtype="uint16", compressors=CODECS[compression], fill_value=0)


source = folder / "source.zarr"
if mode == "make":
    if not source.exists():
        create(source)[...] = cells()
    sys.exit()

data = zarr.open_array(source, mode="r")[...] if mode == "write" else None
target = folder / f"peer-{compression}.zarr"
for _ in sys.stdin:
    shutil.rmtree(target, ignore_errors=True)
    wall, cpu = time.perf_counter(), time.process_time()
    if mode == "read":
        made = zarr.open_array(source, mode="r")[...]
    else:
        made = data
        create(target)[...] = data
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(wall * 1000, cpu * 1000, int(made[::5, ::2, ::64, ::64].sum()), peak, flush=True)
    del made
shutil.rmtree(target, ignore_errors=True)
