"""Writes zonal.json: statistics of 1,000 polygons (shapes.py) by exactextract, on a raster of a formula.

Needs the packages exactextract and numpy. Values v = (7c² + 3r² + 5cr) mod 1009 + c / 64 + r / 4096, all different;
missing where c r mod 11 = 3. Frequencies are of whole numbers mod 7. exactextract has parts in float32; the raster gets
a margin without values, since exactextract 0.3 ends with a segmentation fault where a part only touches its border.
"""

import json
import os

import numpy as np
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

from shapes import HEIGHT, NORTH, SIZE, WEST, WIDTH, shape

HERE = os.path.dirname(os.path.abspath(__file__))
STATISTICS = ["count", "sum", "mean", "min", "max", "variance", "median", "quantile(q=0.25)"]
MARGIN = 64
FREQUENCIES = ["mode", "minority", "variety"]


def main():
    r, c = np.mgrid[0:HEIGHT, 0:WIDTH].astype("int64")
    whole = (7 * c * c + 3 * r * r + 5 * c * r) % 1009
    values = whole + c / 64 + r / 4096
    missing = (c * r) % 11 == 3
    m = SIZE * MARGIN
    extent = dict(xmin=WEST - m, ymin=NORTH - SIZE * HEIGHT - m, xmax=WEST + SIZE * WIDTH + m, ymax=NORTH + m)

    def source(array):
        padded = np.pad(np.where(missing, np.nan, array), MARGIN, constant_values=np.nan)
        return NumPyRasterSource(np.ma.masked_invalid(padded), **extent)

    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "MultiPolygon", "coordinates": shape(i)}}
        for i in range(1000)
    ]
    exact = exact_extract(source(values), features, STATISTICS)
    frequent = exact_extract(source((whole % 7).astype("float64")), features, FREQUENCIES)
    names = [s.replace("quantile(q=0.25)", "quantile_25") for s in STATISTICS]

    def number(value):
        return None if value is None or value != value else float(f"{value:.8g}")

    rows = []
    for one, other in zip(exact, frequent):
        row = [number(one["properties"][n]) for n in names]
        rows.append(row + [number(other["properties"][n]) for n in FREQUENCIES])
    with open(os.path.join(HERE, "zonal.json"), "w") as handle:
        handle.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print(len(rows), "zones,", sum(row[0] == 0 for row in rows), "outside")


main()
