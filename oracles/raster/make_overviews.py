"""Overviews of odd-sided rasters by gdaladdo: overviews.json for packages/cube/test/geotiff/overviews.test.ts.

Needs: GDAL's Python bindings (3.6.2), numpy. Run: python oracles/raster/make_overviews.py. Value i of a raster, row by row, is
(i * 7919) % modulus + least, or nodata where (i * 31) % 7 == 0. Heights are not odd where widths are even and there is no
nodata: GDAL 3.6 takes two whole rows then for the first and last overview row, where all others are shares. And no mean
of integers is rounded to nodata, which GDAL 3.6 leaves so, and a pixel missing.
"""

import json
import pathlib

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
TYPES = {"uint8": gdal.GDT_Byte, "int16": gdal.GDT_Int16, "float32": gdal.GDT_Float32, "float64": gdal.GDT_Float64}
LEVELS = [2, 4, 8]
CASES = [
    ("average", "float32", 65, 45, None),
    ("average", "float64", 67, 46, -5),
    ("average", "float32", 66, 45, -5),
    ("average", "int16", 65, 49, -2000),
    ("nearest", "uint8", 67, 45, None),
    ("nearest", "uint8", 66, 45, 3),
    ("mode", "uint8", 67, 45, None),
    ("mode", "uint8", 66, 48, None),
    ("mode", "int16", 49, 65, -2),
]


def values(dtype, width, height, modulus, least, nodata):
    i = np.arange(width * height, dtype="int64")
    data = (i * 7919) % modulus + least
    if nodata is not None:
        data[(i * 31) % 7 == 0] = nodata
    return data.reshape(height, width).astype(dtype)


def overviews(method, dtype, data, nodata):
    height, width = data.shape
    path = "/vsimem/raster.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(path, width, height, 1, TYPES[dtype])
    if nodata is not None:
        dataset.GetRasterBand(1).SetNoDataValue(nodata)
    dataset.GetRasterBand(1).WriteArray(data)
    dataset = None
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.BuildOverviews(method.upper(), LEVELS)
    dataset = None
    dataset = gdal.Open(path)
    band = dataset.GetRasterBand(1)
    return [band.GetOverview(k).ReadAsArray() for k in range(len(LEVELS))]


def case(method, dtype, width, height, nodata):
    modulus, least = (5, 0) if method == "mode" else (251, 0) if dtype == "uint8" else (1009, -500)
    if method == "mode" and dtype == "int16":
        least = -2
    data = values(dtype, width, height, modulus, least, nodata)
    levels = [
        {"width": level.shape[1], "height": level.shape[0], "values": [float(f"{v:.7g}") for v in level.ravel().tolist()]}
        for level in overviews(method, dtype, data, nodata)
    ]
    given = {"method": method, "dtype": dtype, "width": width, "height": height, "nodata": nodata}
    return {**given, "modulus": modulus, "least": least, "levels": levels}


out = pathlib.Path(__file__).with_name("overviews.json")
text = ",\n".join(json.dumps(case(*one), separators=(",", ":")).replace(".0,", ",").replace(".0]", "]") for one in CASES)
out.write_text(f"[\n{text}\n]\n")
