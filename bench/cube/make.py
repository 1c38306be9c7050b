"""Makes the cubes that the benchmarks read: make.py FOLDER [SIZE]. Needs numpy, zarr 3, rasterio (GDAL with zstd).

s2.zarr: reflectance, 24 dates x 6 bands x SIZE x SIZE uint16 (2048 by default), blosc (lz4, shuffle), chunks of
1 x 1 x 512 x 512, missing 0 (clouds). deflate/ and zstd/: the same, one COG a date; lzw/ and floats/ (reflectance as
float32, deflate): the first eight. daily.zarr: 365 x SIZE/2 x SIZE/2 float32, chunks 30 x 256 x 256. Smooth fields with sensor noise, so that they compress about as real scenes do.
"""

import datetime
import pathlib
import sys

import numpy as np
import rasterio
import zarr
from rasterio.io import MemoryFile
from rasterio.shutil import copy
from rasterio.transform import Affine

folder = pathlib.Path(sys.argv[1])
size = int(sys.argv[2]) if len(sys.argv) > 2 else 2048
DATES = [datetime.date(2020, 1, 5) + datetime.timedelta(days=15 * i) for i in range(24)]
BANDS = ["B02", "B03", "B04", "B08", "B11", "B12"]
rng = np.random.default_rng(1)
rows, columns = np.mgrid[0:size, 0:size].astype("float32")
ground = np.sin(rows / 97) * np.cos(columns / 61) + 0.5 * np.sin((rows + columns) / 23)


def scene(date, band):
    season = np.sin(2 * np.pi * date / 24)
    level = 800 + 350 * band + 200 * season * (band == 3)
    values = level * (1 + 0.3 * ground) + rng.normal(0, 12, (size, size)).astype("float32")
    return np.clip(values, 1, 10000).astype("uint16")


def cloud(date):
    return np.sin(rows / 211 + date) * np.sin(columns / 173 - 2 * date) > 0.7


def array(group, name, shape, chunks, dtype, dims, **more):
    codec = zarr.codecs.BloscCodec(cname="lz4", clevel=5, shuffle="shuffle")
    return group.create_array(
        name, shape=shape, chunks=chunks, dtype=dtype, compressors=codec, dimension_names=dims, **more
    )


def axis(group, name, values, **attributes):
    made = group.create_array(name, shape=(len(values),), dtype=values.dtype, dimension_names=[name])
    made[:] = values
    made.attrs.update(attributes)


def spatial(group, n):
    axis(group, "x", 600005 + 10 * np.arange(n, dtype="float64"), standard_name="projection_x_coordinate", units="m")
    axis(group, "y", 5199995 - 10 * np.arange(n, dtype="float64"), standard_name="projection_y_coordinate", units="m")
    crs = group.create_array("spatial_ref", shape=(), dtype="int64")
    crs.attrs.update({"crs_wkt": rasterio.crs.CRS.from_epsg(32632).to_wkt(), "grid_mapping_name": "transverse_mercator"})


def time_axis(group, dates):
    days = np.array([(d - datetime.date(1970, 1, 1)).days for d in dates], "int64")
    axis(group, "t", days, units="days since 1970-01-01", calendar="proleptic_gregorian", standard_name="time")


def write_cog(path, data, codec):
    profile = dict(driver="GTiff", width=size, height=size, count=6, dtype=data.dtype, crs="EPSG:32632", nodata=0,
                   transform=Affine(10, 0, 600000, 0, -10, 5200000))
    with MemoryFile() as memory:
        with memory.open(**profile) as target:
            target.write(data)
            target.descriptions = BANDS
        with memory.open() as source:
            copy(source, path, driver="COG", COMPRESS=codec, PREDICTOR="YES", BLOCKSIZE="512", NUM_THREADS="2")


folder.mkdir(parents=True, exist_ok=True)
root = zarr.open_group(folder / "s2.zarr", mode="w")
shape, chunks = (24, 6, size, size), (1, 1, 512, 512)
cube = array(root, "reflectance", shape, chunks, "uint16", ["t", "bands", "y", "x"], fill_value=0)
cube.attrs.update({"grid_mapping": "spatial_ref", "_FillValue": 0, "scale_factor": 0.0001, "add_offset": 0.0})
spatial(root, size)
time_axis(root, DATES)
names = root.create_array("bands", shape=(6,), dtype="U3", dimension_names=["bands"])
names[:] = np.array(BANDS)
for name in ("deflate", "zstd", "lzw", "floats"):
    (folder / name).mkdir(exist_ok=True)
for i, date in enumerate(DATES):
    data = np.stack([scene(i, b) for b in range(6)])
    data[:, cloud(i)] = 0
    cube[i] = data
    for codec in ("deflate", "zstd"):
        write_cog(folder / codec / f"s2_{date:%Y%m%d}.tif", data, codec)
    if i < 8:
        write_cog(folder / "lzw" / f"s2_{date:%Y%m%d}.tif", data, "lzw")
        write_cog(folder / "floats" / f"s2_{date:%Y%m%d}.tif", (data / 10000).astype("float32"), "deflate")

half = size // 2
daily = zarr.open_group(folder / "daily.zarr", mode="w")
values = array(daily, "temperature", (365, half, half), (30, 256, 256), "float32", ["t", "y", "x"])
values.attrs.update({"grid_mapping": "spatial_ref", "units": "K"})
spatial(daily, half)
time_axis(daily, [datetime.date(2021, 1, 1) + datetime.timedelta(days=i) for i in range(365)])
for i in range(365):
    field = 285 - 10 * np.cos(2 * np.pi * i / 365) + ground[:half, :half] + rng.normal(0, 0.5, (half, half))
    values[i] = np.round(field, 2).astype("float32")
