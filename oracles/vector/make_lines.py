"""Goldens of gdal_rasterize (3.6) for lines, points and polygons that leave the raster through corners of pixels.

Writes lines.json beside itself: geometry, grid, and the pixels as run lengths. Needs GDAL's Python module.
Run: python3 make_lines.py
"""
import json
import os
import random

import numpy as np
from osgeo import gdal, ogr, osr

gdal.UseExceptions()
HERE = os.path.dirname(os.path.abspath(__file__))
random.seed(11)
AFFINES = [(10, 0, 500000, 0, -10, 4000000), (0.25, 0, -10, 0, -0.25, 50), (8, 3, 100, 2, -9, 500)]


def runs(values):
    flat = values.ravel()
    cuts = np.flatnonzero(np.diff(flat)) + 1
    starts = np.concatenate([[0], cuts])
    ends = np.concatenate([cuts, [flat.size]])
    return [[int(flat[s]), int(e - s)] for s, e in zip(starts, ends)]


def burn(geometry, affine, width, height, touched):
    srs = osr.SpatialReference()
    srs.ImportFromEPSG(32633)
    a, b, c, d, e, f = affine
    raster = gdal.GetDriverByName("MEM").Create("", width, height, 1, gdal.GDT_Byte)
    raster.SetGeoTransform((c, a, b, f, d, e))
    raster.SetProjection(srs.ExportToWkt())
    source = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = source.CreateLayer("", srs, ogr.wkbUnknown)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromJson(json.dumps(geometry)))
    layer.CreateFeature(feature)
    gdal.RasterizeLayer(raster, [1], layer, burn_values=[1], options=["ALL_TOUCHED=TRUE"] if touched else [])
    return runs(raster.ReadAsArray())


def pixels(n, width, height, step):
    """Positions in pixels, in and around the raster; on a lattice where a step is given."""
    out = []
    for _ in range(n):
        p = (random.uniform(-0.3, 1.3) * width, random.uniform(-0.3, 1.3) * height)
        out.append(tuple(round(v / step) * step for v in p) if step else p)
    return out


def geometry_of(kind, positions):
    if kind == "LineString" or kind == "MultiPoint":
        return {"type": kind, "coordinates": positions}
    if kind == "Point":
        return {"type": kind, "coordinates": positions[0]}
    if kind == "Polygon":
        return {"type": kind, "coordinates": [[*positions, positions[0]]]}
    return {"type": kind, "coordinates": [positions, positions[::-1][:2]]}


def main():
    cases = []
    for i in range(150):
        kind = ["LineString", "MultiLineString", "Point", "MultiPoint", "LineString"][i % 5]
        affine = AFFINES[i % 3]
        width, height = random.randint(1, 40), random.randint(1, 40)
        a, b, c, d, e, f = affine
        places = pixels(random.randint(2, 6), width, height, [0, 1, 0.5][i // 5 % 3])
        geometry = geometry_of(kind, [[a * x + b * y + c, d * x + e * y + f] for x, y in places])
        cases.append((affine, width, height, geometry))
    # Edges that leave through the top where four pixels meet.
    for x in range(3, 13):
        corner = [[x + 1, 9], [x - 4, 4], [x + 1, 4]]
        cases.append(((1, 0, 0, 0, -1, 8), 12, 8, geometry_of("Polygon", corner)))
    rows = []
    for affine, width, height, geometry in cases:
        thin, touched = (burn(geometry, affine, width, height, t) for t in (False, True))
        rows.append({"affine": affine, "width": width, "height": height, "geometry": geometry,
                     "thin": thin, "touched": touched})
    with open(os.path.join(HERE, "lines.json"), "w") as handle:
        handle.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print("GDAL", gdal.__version__, len(rows), "geometries")


main()
