"""The peer of run.ts: reads or warps by rasterio and GDAL; a line on standard input asks for one run, milliseconds answer."""

import sys
import time

import numpy as np
import rasterio
from osgeo import gdal, osr

gdal.UseExceptions()
SIZE = 2000


def memory(epsg, transform, values):
    ds = gdal.GetDriverByName("MEM").Create("", SIZE, SIZE, 1, gdal.GDT_Float32)
    ds.SetGeoTransform(transform)
    srs = osr.SpatialReference()
    srs.ImportFromEPSG(epsg)
    ds.SetProjection(srs.ExportToWkt())
    ds.GetRasterBand(1).WriteArray(values)
    return ds


def read(path):
    with rasterio.open(path) as dataset:
        return dataset.read()


def warp():
    values = (np.sin(np.arange(SIZE * SIZE) / 100) * 100).astype("float32").reshape(SIZE, SIZE)
    source = memory(32632, (600000, 10, 0, 5200000, 0, -10), values)
    target = memory(32633, (143500, 10, 0, 5210000, 0, -10), np.zeros((SIZE, SIZE), "float32"))

    def once():
        gdal.Warp(target, source, resampleAlg="bilinear", errorThreshold=0, multithread=False)
        return target.ReadAsArray()

    return once


once = warp() if sys.argv[1] == "warp" else lambda: read(sys.argv[2])
for _ in sys.stdin:
    start = time.perf_counter()
    cpu = time.process_time()
    result = once()
    elapsed = (time.perf_counter() - start) * 1e3
    print(elapsed, (time.process_time() - cpu) * 1e3, float(np.nansum(result.astype("float64"))), flush=True)
