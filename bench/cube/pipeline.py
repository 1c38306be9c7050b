"""The peers of pipeline.ts on the cubes of make.py: a line on standard input asks for one run; wall and processor
milliseconds, a checksum and peak megabytes answer. Usage: pipeline.py CASE FOLDER. Two threads wherever the libraries
have them. Needs numpy, bottleneck, zarr 3, xarray, dask, rasterio.
"""

import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import bottleneck
import dask
import numpy as np
import rasterio
import xarray as xr
import zarr

case, folder = sys.argv[1], sys.argv[2]
pool = ThreadPoolExecutor(2)
zarr.config.set({"threading.max_workers": 2, "async.concurrency": 10})
dask.config.set(scheduler="threads", num_workers=2)
RED, NIR = 2, 3
saved = f"{tempfile.gettempdir()}/ecotope-bench-peer.zarr"


def both(work, size):
    """Halves of the rows, one per thread: bottleneck and numpy release the lock."""
    parts = list(pool.map(lambda rows: work(slice(*rows)), [(0, size // 2), (size // 2, size)]))
    return np.concatenate(parts)


def ndvi_median(red, nir):
    def work(rows):
        r = red[:, rows].astype("float32")
        n = nir[:, rows].astype("float32")
        r[r == 0] = np.nan
        n[n == 0] = np.nan
        return bottleneck.nanmedian((n - r) / (n + r), axis=0)

    return both(work, red.shape[1])


def ndvi_numpy():
    cube = zarr.open_array(f"{folder}/s2.zarr/reflectance", mode="r")
    pair = cube[:, RED : NIR + 1]
    return ndvi_median(pair[:, 0], pair[:, 1])


def ndvi_dask():
    with xr.open_zarr(f"{folder}/s2.zarr", chunks={"t": 24, "bands": 1, "y": 512, "x": 512}) as ds:
        red = ds.reflectance.isel(bands=RED).astype("float32")
        nir = ds.reflectance.isel(bands=NIR).astype("float32")
        return ((nir - red) / (nir + red)).median("t", skipna=True).compute().values


def monthly_xarray():
    with xr.open_zarr(f"{folder}/daily.zarr", chunks=None) as ds:
        return ds.temperature.load().resample(t="1MS").mean().values


def monthly_dask():
    with xr.open_zarr(f"{folder}/daily.zarr", chunks={}) as ds:
        return ds.temperature.resample(t="1MS").mean().compute().values


def monthly_saved():
    with xr.open_zarr(f"{folder}/daily.zarr", chunks={}) as ds:
        means = ds.temperature.resample(t="1MS").mean()
        means.encoding = {}
        means.to_dataset(name="temperature").to_zarr(saved, mode="w")
    return lambda: xr.open_zarr(saved, chunks=None).temperature.values


def mean_xarray():
    with xr.open_zarr(f"{folder}/daily.zarr", chunks={}) as ds:
        return ds.temperature.mean("t").compute().values


def anomalies_xarray():
    with xr.open_zarr(f"{folder}/daily.zarr", chunks={}) as ds:
        return (ds.temperature - ds.temperature.mean("t")).compute().values


def rolling_xarray():
    with xr.open_zarr(f"{folder}/daily.zarr", chunks=None) as ds:
        return ds.temperature.load().rolling(t=7, center=True, min_periods=1).mean().values


def quantile_xarray():
    with xr.open_zarr(f"{folder}/daily.zarr", chunks=None) as ds:
        return ds.temperature.load().quantile(0.9, "t").values


def read_cogs(codec):
    import glob

    def one(path):
        with rasterio.open(path) as dataset:
            return dataset.read()

    return np.stack(list(pool.map(one, sorted(glob.glob(f"{folder}/{codec}/*.tif")))))


CASES = {
    "read-zarr": lambda: zarr.open_array(f"{folder}/s2.zarr/reflectance", mode="r")[:],
    "read-deflate": lambda: read_cogs("deflate"),
    "read-zstd": lambda: read_cogs("zstd"),
    "ndvi-numpy": ndvi_numpy,
    "ndvi-dask": ndvi_dask,
    "monthly-xarray": monthly_xarray,
    "monthly-dask": monthly_dask,
    "monthly-saved": monthly_saved,
    "mean-xarray": mean_xarray,
    "anomalies-xarray": anomalies_xarray,
    "rolling-xarray": rolling_xarray,
    "quantile-xarray": quantile_xarray,
}

once = CASES[case]
for _ in sys.stdin:
    start = time.perf_counter()
    cpu = time.process_time()
    result = once()
    elapsed = (time.perf_counter() - start) * 1e3
    used = (time.process_time() - cpu) * 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cells = result() if callable(result) else result
    # Numbers around zero have no sum to compare.
    total = np.nansum(np.abs(cells), dtype="float64")
    print(elapsed, used, float(total), peak, flush=True)
