"""Polygonisation goldens by GDAL (through rasterio.features.shapes): sorted areas by value, 4 and 8 connected.

Writes polygonise.json beside itself. Run: python3 make_polygonise.py
"""
import json
import os

import numpy as np
import rasterio
from rasterio import features
from scipy import ndimage

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(3)


def area(ring):
    r = np.array(ring)
    return abs(np.sum(r[:-1, 0] * r[1:, 1] - r[1:, 0] * r[:-1, 1])) / 2


cases = []
for k in range(12):
    h, w = int(rng.integers(1, 40)), int(rng.integers(1, 40))
    field = ndimage.gaussian_filter(rng.normal(size=(h, w)), k * 0.35)
    classes = np.digitize(field, np.quantile(field, [0.3, 0.6, 0.8])).astype("int32")
    entry = {"width": w, "height": h, "classes": classes.ravel().tolist()}
    for connectivity in (4, 8):
        found = {}
        for geometry, value in features.shapes(classes, connectivity=connectivity):
            rings = geometry["coordinates"]
            found.setdefault(int(value), []).append(area(rings[0]) - sum(area(r) for r in rings[1:]))
        entry[str(connectivity)] = {str(v): sorted(a) for v, a in sorted(found.items())}
    cases.append(entry)
json.dump({"gdal": rasterio.__gdal_version__, "cases": cases}, open(os.path.join(HERE, "polygonise.json"), "w"),
          separators=(",", ":"))
