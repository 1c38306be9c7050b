"""Writes small GeoTIFFs by GDAL (the matrix of compression, predictor, type, layout, byte order) and what is in them.

Files go to packages/cube/test/fixtures/geotiff, readings.json (CRC-32 of every band as little-endian bytes) beside this
script. A second list, data_readings.json, is made from the reference data where the folder is given as argument.
"""

import glob
import itertools
import json
import math
import os
import sys
import warnings
import zlib

import numpy as np
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp, Resampling
from rasterio.windows import Window

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "..", "packages", "cube", "test", "fixtures", "geotiff")
DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]
WIDTH, HEIGHT = 21, 18


def values(dtype, count, seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    out = []
    for b in range(count):
        smooth = np.sin(x / 9 + b) * np.cos(y / 7) + 0.05 * rng.standard_normal(x.shape)
        if dtype.startswith("float"):
            out.append((smooth * 1000).astype(dtype))
        else:
            info = np.iinfo(dtype)
            centre, half = (info.max + info.min) / 2, (info.max - info.min) / 2.5
            out.append(np.clip(centre + smooth * half, info.min, info.max).astype(dtype))
    return np.stack(out)


def crs_of(dataset):
    try:
        return dataset.crs.to_proj4() if dataset.crs else None
    except Exception:
        return None


def reading(path, name):
    with rasterio.open(path) as d:
        bands = []
        for i in d.indexes:
            a = d.read(i)
            little = a.astype(a.dtype.newbyteorder("<"), copy=False)
            f = a.astype("float64")
            finite = f[np.isfinite(f)]
            bands.append(
                {
                    "crc": zlib.crc32(little.tobytes()) & 0xFFFFFFFF,
                    "min": float(finite.min()) if finite.size else None,
                    "max": float(finite.max()) if finite.size else None,
                }
            )
        nodata = d.nodata
        return {
            "file": name,
            "width": d.width,
            "height": d.height,
            "dtype": d.dtypes[0],
            "transform": list(d.transform)[:6],
            "epsg": d.crs.to_epsg() if d.crs else None,
            "proj4": crs_of(d),
            "nodata": None if nodata is None else str(nodata),
            "descriptions": list(d.descriptions),
            "units": list(d.units),
            "scales": list(d.scales),
            "offsets": list(d.offsets),
            "compression": d.compression.name if d.compression else "none",
            "overviews": d.overviews(1),
            "tags": {k: v for k, v in d.tags().items() if k != "AREA_OR_POINT"},
            "mask": bool(any("per_dataset" == flag.name and len(f) == 1 for f in d.mask_flag_enums for flag in f)),
            "maskSum": int(d.dataset_mask().astype("int64").sum() // 255),
            "bands": bands,
        }


def write(name, dtype, count, extra=None, seed=1, **options):
    path = os.path.join(TARGET, name + ".tif")
    profile = dict(driver="GTiff", width=WIDTH, height=HEIGHT, count=count, dtype=dtype, crs="EPSG:32633")
    profile.update(transform=Affine(10, 0, 500000, 0, -10, 4600000), **options)
    with rasterio.open(path, "w", **profile) as d:
        d.write(values(dtype, count, seed))
        if extra:
            extra(d)
    return path


def matrix():
    for compression, dtype in itertools.product(["none", "lzw", "deflate", "zstd", "packbits"], DTYPES):
        if dtype == "int8":
            continue
        predictors = {"none": [1], "packbits": [1]}.get(compression, [1, 2, 3] if dtype.startswith("float") else [1, 2])
        for predictor in predictors:
            k = sum(map(ord, compression + dtype)) + predictor
            options = dict(compress=compression) if compression != "none" else {}
            if predictor > 1:
                options["predictor"] = predictor
            options["interleave"] = ["pixel", "band"][k % 2]
            if (k // 2) % 2:
                options.update(tiled=True, blockxsize=16, blockysize=16)
            else:
                options.update(blockysize=[3, HEIGHT, 1][k % 3])
            if (k // 4) % 3 == 0:
                options["endianness"] = "BIG"
            if (k // 8) % 3 == 0:
                options["bigtiff"] = "YES"
            # Wide samples that do not shrink stay with one band, so that the fixtures stay small.
            wide = dtype.endswith(("32", "64")) and compression in ("none", "packbits")
            write(f"{compression}_{dtype}_p{predictor}", dtype, 1 if wide else 1 + k % 2, **options)


def describe(d):
    d.descriptions = ("red", "near <infrared> & more")
    d.units = ("1", "W/m2")
    d.scales = (0.0001, 0.5)
    d.offsets = (0, -10)
    d.update_tags(AUTHOR='A "quoted" <name>', PLACE="Zürich")


def special():
    write("signed", "int8", 2, pixeltype="SIGNEDBYTE") if rasterio.__gdal_version__ >= "3.7" else None
    write("described", "int16", 2, describe, nodata=-9999)
    write("rotated", "uint8", 1)
    with rasterio.open(os.path.join(TARGET, "rotated.tif"), "r+") as d:
        d.transform = Affine(8, 6, 500000, 6, -8, 4600000)
    write("point", "float32", 1, lambda d: d.update_tags(AREA_OR_POINT="Point"))
    write("sparse", "uint16", 2, tiled=True, blockxsize=16, blockysize=16, nodata=7, sparse_ok="TRUE")
    with rasterio.open(os.path.join(TARGET, "sparse_holes.tif"), "w", driver="GTiff", width=WIDTH, height=HEIGHT, count=2,
                       dtype="uint16", crs="EPSG:32633", transform=Affine(10, 0, 500000, 0, -10, 4600000), nodata=7,
                       tiled=True, blockxsize=16, blockysize=16, sparse_ok="TRUE") as d:
        d.write(values("uint16", 2, 3)[:, :16, :16], window=Window(0, 0, 16, 16))
    os.remove(os.path.join(TARGET, "sparse.tif"))

    def palette(d):
        d.write_colormap(1, {0: (0, 0, 0, 255), 1: (255, 0, 0, 255), 2: (0, 128, 64, 255)})

    write("palette", "uint8", 1, palette)

    def masked(d):
        mask = np.full((HEIGHT, WIDTH), 255, "uint8")
        mask[3:9, 5:17] = 0
        d.write_mask(mask)

    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        write("masked", "float32", 2, masked, compress="deflate")

    path = write("overviews", "float32", 1, tiled=True, blockxsize=16, blockysize=16, compress="deflate", nodata=-1)
    with rasterio.open(path, "r+") as d:
        d.build_overviews([2, 4], Resampling.average)
    write("bits1", "uint8", 1, nbits=1)
    write("bits4", "uint8", 3, nbits=4, interleave="pixel")

    def alpha(d):
        d.colorinterp = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]

    write("alpha", "uint8", 4, alpha)
    write("nan_nodata", "float32", 1, nodata=math.nan)
    for code in (4326, 3857, 27700, 2229, 3035, 5070, 31467):
        write(f"epsg{code}", "uint8", 1, crs=f"EPSG:{code}")
    crs = {
        "sinu": "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m",
        "laea": "+proj=laea +lat_0=48 +lon_0=11 +x_0=1000 +y_0=2000 +datum=WGS84",
        "tmerc": "+proj=tmerc +lat_0=10 +lon_0=-71 +k=0.9998 +x_0=10000 +y_0=20000 +ellps=intl +towgs84=-84,-97,-117",
        "stere": "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +datum=WGS84",
        "aea_ft": "+proj=aea +lat_1=20 +lat_2=40 +lat_0=30 +lon_0=-100 +x_0=304800 +y_0=0 +datum=NAD83 +units=us-ft",
        "lcc1": "+proj=lcc +lat_1=30 +lat_0=30 +lon_0=5 +k_0=0.999 +x_0=7 +y_0=8 +ellps=bessel",
        "longlat": "+proj=longlat +a=6378000 +b=6356000",
        "omerc": "+proj=omerc +lat_0=4 +lonc=102 +alpha=30 +gamma=30 +k=0.9998 +x_0=1 +y_0=2 +ellps=GRS80",
        "merc": "+proj=merc +lat_ts=30 +lon_0=10 +datum=WGS84",
        "cea": "+proj=cea +lat_ts=30 +lon_0=0 +datum=WGS84",
    }
    for name, text in crs.items():
        write(f"user_{name}", "uint8", 1, crs=text)
    write("user_esri", "uint8", 1, crs=rasterio.crs.CRS.from_epsg(2154).to_wkt("WKT1_ESRI"))


def main():
    os.makedirs(TARGET, exist_ok=True)
    for old in glob.glob(os.path.join(TARGET, "*.tif*")):
        os.remove(old)
    matrix()
    special()
    for side in glob.glob(os.path.join(TARGET, "*.aux.xml")):
        print("side file", side)
    files = sorted(glob.glob(os.path.join(TARGET, "*.tif")))
    save("readings.json", [reading(f, os.path.basename(f)) for f in files])
    print(len(files), "files", sum(map(os.path.getsize, files)), "bytes")
    if len(sys.argv) > 1:
        found = []
        for folder in ("cloud_segmentation", "rasterio_testdata", "geotiff_samples/files", "rioxarray_golden/input", "rioxarray_golden/compare"):
            for path in sorted(glob.glob(os.path.join(sys.argv[1], folder, "*.tif*"))):
                found.append(path)
        save("data_readings.json", [reading(p, os.path.relpath(p, sys.argv[1])) for p in found])


def save(name, rows):
    with open(os.path.join(HERE, name), "w") as handle:
        handle.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


main()
