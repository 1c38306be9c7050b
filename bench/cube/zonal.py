"""The peer of zonal.ts: means of polygons by exactextract from a raster file. Usage: zonal.py RASTER POLYGONS.

The faster of its two strategies is taken (ZONAL_STRATEGY; default raster-sequential). Needs rasterio and exactextract.
"""

import json
import os
import resource
import sys
import time

import rasterio
from exactextract import exact_extract

raster, polygons = sys.argv[1], sys.argv[2]
strategy = os.environ.get("ZONAL_STRATEGY", "raster-sequential")
with open(polygons) as handle:
    features = json.load(handle)["features"]

for _ in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    with rasterio.open(raster) as dataset:
        result = exact_extract(dataset, features, ["mean"], strategy=strategy)
    elapsed, used = (time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3
    total = sum(v for row in result for v in row["properties"].values() if v is not None and v == v)
    print(elapsed, used, total, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
