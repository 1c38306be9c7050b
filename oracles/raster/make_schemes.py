"""Writes small GeoTIFFs in JPEG and LERC by GDAL and tifffile, and what GDAL reads in them.

Needs: rasterio, tifffile, imagecodecs, numpy and gdal_translate of a GDAL that is built with libjpeg-turbo, as those of
the distributions are (rasterio's own wheels have IJG's library, which enlarges chroma in another way: 4:2:0 differs there
by up to tens of counts at edges). Run: python oracles/raster/make_schemes.py (writes schemes.json beside this script: for
every file its bytes in base64, its type, and the CRC-32 of every band and of the mask as little-endian bytes). With the
folder of the reference data as argument, also schemes_data.json: the bands of its JPEG files.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings
import zlib

import numpy as np
import rasterio
import tifffile
from rasterio.enums import Resampling

warnings.filterwarnings("ignore")
TRANSFORM = rasterio.Affine(10, 0, 500000, 0, -10, 5600000)
WIDTH, HEIGHT = 45, 37


def values(dtype, count, seed=0):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    bands = [np.sin(x / (5 + b)) * np.cos(y / 7 - b) + 0.05 * rng.standard_normal(x.shape) for b in range(count)]
    info = np.iinfo(dtype) if np.issubdtype(dtype, np.integer) else None
    if info is None:
        return (np.stack(bands) * 1000).astype(dtype)
    centre, half = (info.max + info.min) / 2, min((info.max - info.min) / 2.5, 1e6)
    return np.clip(centre + np.stack(bands) * half, info.min, info.max).astype(dtype)


def by_gdal(path, data, mask=None, overviews=(), **options):
    count, height, width = data.shape
    profile = {"driver": "GTiff", "count": count, "height": height, "width": width, "dtype": data.dtype}
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        with rasterio.open(path, "w", crs="EPSG:32632", transform=TRANSFORM, **profile, **options) as d:
            d.write(data)
            if mask is not None:
                d.write_mask(mask)
        if overviews:
            with rasterio.open(path, "r+") as d:
                d.build_overviews(overviews, Resampling.nearest)


TILED = {"tiled": True, "blockxsize": 32, "blockysize": 16}
JPEG = {"compress": "JPEG"}
LERC = {"compress": "LERC"}


def jpegs():
    grey, colours = values("uint8", 1), values("uint8", 3)
    yield "grey_tiles", grey, {**JPEG, **TILED}
    yield "grey_strips", grey, {**JPEG, "blockysize": 16}
    yield "rgb_tiles", colours, {**JPEG, **TILED, "photometric": "RGB", "interleave": "pixel"}
    yield "rgb_strips_best", colours, {**JPEG, "photometric": "RGB", "interleave": "pixel", "JPEG_QUALITY": 100}
    yield "three_bands", colours, {**JPEG, **TILED, "photometric": "MINISBLACK", "interleave": "pixel"}
    yield "planes", colours, {**JPEG, **TILED, "photometric": "RGB", "interleave": "band"}
    yield "two_planes", values("uint8", 2), {**JPEG, "interleave": "band", "blockysize": 8}
    chroma = {**JPEG, "photometric": "YCBCR", "interleave": "pixel"}
    yield "chroma_tiles", colours, {**chroma, **TILED}
    yield "chroma_strips", colours, {**chroma, "blockysize": 16}
    for mode in (0, 2, 3):
        yield f"chroma_tables{mode}", colours, {**chroma, **TILED, "JPEGTABLESMODE": mode}
    yield "chroma_big_endian", colours, {**chroma, **TILED, "ENDIANNESS": "BIG"}
    mask = (np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)) % 11 != 0).astype("uint8") * 255
    yield "chroma_mask", colours, {**chroma, **TILED, "mask": mask}
    yield "chroma_overviews", colours, {**chroma, **TILED, "overviews": (2,)}
    for count, name in ((2, "two"), (4, "four")):
        yield f"{name}_together", values("uint8", count), {**JPEG, **TILED, "interleave": "pixel"}


def lercs():
    for dtype in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"):
        yield f"lerc_{dtype}", values(dtype, 1), {**LERC, **TILED}
    floats = values("float32", 3)
    yield "lerc_deflate", floats, {"compress": "LERC_DEFLATE", **TILED}
    yield "lerc_zstd", floats, {"compress": "LERC_ZSTD", "blockysize": 8}
    yield "lerc_lossy", floats, {**LERC, **TILED, "MAX_Z_ERROR": 0.5}
    yield "lerc_pixel", floats, {**LERC, **TILED, "interleave": "pixel"}
    yield "lerc_band", floats, {**LERC, **TILED, "interleave": "band"}
    yield "lerc_int_pixel", values("int16", 3), {**LERC, **TILED, "interleave": "pixel"}
    holes = floats.copy()
    holes[:, 5:20, 3:9] = np.nan
    yield "lerc_nan", holes[:1], {**LERC, **TILED}
    yield "lerc_nan_pixel", holes, {**LERC, **TILED, "interleave": "pixel"}
    holes[1, 30:, 30:] = np.nan
    holes[2, 2, 2] = np.nan
    yield "lerc_nan_bands", holes, {**LERC, **TILED, "interleave": "pixel"}
    yield "lerc_nan_zstd", holes.astype("float64"), {"compress": "LERC_ZSTD", **TILED, "interleave": "band"}
    yield "lerc_all_nan", np.full((1, HEIGHT, WIDTH), np.nan, "float32"), {**LERC, **TILED, "nodata": np.nan}
    yield "lerc_constant", np.full((1, HEIGHT, WIDTH), 7, "int16"), {**LERC, **TILED}
    rgba = values("uint8", 4)
    rgba[3] = np.where(rgba[3] > 100, 255, 0)
    yield "lerc_alpha", rgba, {**LERC, **TILED, "photometric": "RGB", "interleave": "pixel", "ALPHA": "YES"}
    yield "lerc_big_endian", values("int32", 1), {**LERC, **TILED, "ENDIANNESS": "BIG"}
    yield "lerc_nodata", values("int16", 1), {**LERC, **TILED, "nodata": -5}


def by_tifffile(path, subsampling, jfif=False, photometric="ycbcr"):
    """Other subsamplings; no CRS, so that one is given when it is read."""
    data = np.moveaxis(values("uint8", 3), 0, -1)
    args = {"level": 80} if photometric != "ycbcr" else {"level": 80, "subsampling": subsampling}
    extra = [(33550, "d", 3, (10.0, 10.0, 0.0), True), (33922, "d", 6, (0.0, 0.0, 0.0, 500000.0, 5600000.0, 0.0), True)]
    keys = (1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32632)
    extra.append((34735, "H", len(keys), keys, True))
    tifffile.imwrite(
        path,
        data,
        photometric=photometric,
        tile=(32, 32),
        compression="jpeg",
        compressionargs=args,
        subsampling=subsampling if photometric == "ycbcr" else None,
        extratags=extra,
        metadata=None,
    )


def crc(array):
    array = np.where(np.isnan(array), np.nan, array) if np.issubdtype(array.dtype, np.floating) else array
    return zlib.crc32(array.astype(array.dtype.newbyteorder("<")).tobytes())


def decoded(path, *options):
    """Bands as gdal_translate reads them."""
    with tempfile.TemporaryDirectory() as folder:
        plain = os.path.join(folder, "plain.tif")
        subprocess.run(["gdal_translate", "-q", *options, path, plain], check=True)
        with rasterio.open(plain) as d:
            return [crc(d.read(i)) for i in d.indexes]


def reading(path):
    with rasterio.open(path) as d:
        is_jpeg = "JPEG" in d.tags(ns="IMAGE_STRUCTURE")["COMPRESSION"]
        out = {"dtype": d.dtypes[0], "bands": decoded(path) if is_jpeg else [crc(d.read(i)) for i in d.indexes]}
        if any("per_dataset" in str(flags) for flags in d.mask_flag_enums[0]):
            out["mask"] = crc(d.read_masks(1))
        if d.overviews(1):
            out["overview"] = decoded(path, "-oo", "OVERVIEW_LEVEL=0")
    out["file"] = base64.b64encode(pathlib.Path(path).read_bytes()).decode()
    return out


def main():
    out = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.tif")
        for name, data, options in [*jpegs(), *lercs()]:
            by_gdal(path, data, **options)
            out[name] = reading(path)
        for subsampling in ((1, 1), (2, 1), (2, 2), (4, 1)):
            by_tifffile(path, subsampling)
            out[f"chroma_{subsampling[0]}{subsampling[1]}"] = reading(path)
        by_tifffile(path, None, photometric="rgb")
        out["rgb_tifffile"] = reading(path)
    pathlib.Path(__file__).with_name("schemes.json").write_text(json.dumps(out, indent=1) + "\n")


def reference(folder):
    readings = json.loads(pathlib.Path(__file__).with_name("data_readings.json").read_text())
    files = [reading["file"] for reading in readings if reading["compression"] == "jpeg"]
    out = {name: decoded(os.path.join(folder, name)) for name in files}
    pathlib.Path(__file__).with_name("schemes_data.json").write_text(json.dumps(out, indent=1) + "\n")


main()
if len(sys.argv) > 1:
    reference(sys.argv[1])
