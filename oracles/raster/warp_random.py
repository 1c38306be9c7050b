"""Random warps by GDAL with error threshold 0, for warp_random.ts to compare with ours.

    python3 warp_random.py FOLDER SEED COUNT   (osgeo: writes FOLDER/cases.json, rasters and GDAL's results)
    python3 warp_random.py FOLDER again        (rasterio, another GDAL: results beside them, so that what two versions
                                                 of GDAL do not agree upon can be left out)

Rasters of random numbers or a ramp, float32, with and without holes, in 35 systems anywhere on Earth, upright, turned or
upside down, onto grids 0.3 to 6 times as coarse. Results are float64, NaN where missing.
"""

import json
import math
import os
import random
import sys

import numpy as np

NODATA = -9999.0
# System, range of longitudes, range of latitudes.
SYSTEMS = [
    ("EPSG:4326", (-180, 180), (-85, 85)),
    ("EPSG:32632", (6, 12), (0, 80)),
    ("EPSG:32633", (12, 18), (0, 80)),
    ("EPSG:32760", (174, 180), (-80, 0)),
    ("EPSG:32701", (-180, -174), (-80, 0)),
    ("EPSG:3035", (-5, 30), (36, 66)),
    ("EPSG:3413", (-180, 180), (62, 90)),
    ("EPSG:3031", (-180, 180), (-90, -62)),
    ("EPSG:3995", (-180, 180), (62, 90)),
    ("EPSG:6933", (-180, 180), (-80, 80)),
    ("EPSG:3857", (-180, 180), (-80, 80)),
    ("EPSG:3832", (100, 180), (-60, 60)),
    ("EPSG:8857", (-180, 180), (-80, 80)),
    ("EPSG:2193", (166, 179), (-47, -34)),
    ("+proj=sinu +R=6371007.181 +units=m +no_defs", (-180, 180), (-80, 80)),
    ("+proj=laea +lat_0=-15 +lon_0=-60 +datum=WGS84", (-100, -20), (-55, 20)),
    ("+proj=moll +datum=WGS84", (-170, 170), (-80, 80)),
    ("+proj=aeqd +lat_0=50 +lon_0=10 +datum=WGS84", (-60, 80), (0, 85)),
    ("+proj=geos +h=35785831 +lon_0=0 +sweep=y +a=6378169 +rf=295.488065897014", (-60, 60), (-60, 60)),
    ("+proj=eqc +lat_ts=30 +datum=WGS84", (-180, 180), (-85, 85)),
    ("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=45 +lon_0=5 +datum=WGS84", (-40, 50), (20, 75)),
    ("+proj=aea +lat_1=-18 +lat_2=-36 +lon_0=132 +datum=WGS84", (110, 155), (-45, -10)),
    ("+proj=stere +lat_0=40 +lon_0=100 +datum=WGS84", (70, 130), (10, 70)),
    ("+proj=poly +lat_0=0 +lon_0=-54 +datum=WGS84", (-70, -40), (-30, 5)),
    ("+proj=omerc +lat_0=4 +lonc=115 +alpha=53.3 +gamma=53.1 +k=0.99984 +datum=WGS84", (109, 119), (0, 8)),
    ("+proj=eqdc +lat_1=20 +lat_2=60 +lon_0=-96 +datum=WGS84", (-120, -70), (20, 60)),
    ("+proj=somerc +lat_0=46.95 +lon_0=7.44 +datum=WGS84", (5, 11), (45, 48)),
    ("+proj=longlat +R=6371000 +no_defs", (-180, 180), (-85, 85)),
    ("+proj=longlat +datum=WGS84 +pm=paris", (-170, 170), (-80, 80)),
    ("+proj=mill +R=6371000", (-170, 170), (-80, 80)),
    ("+proj=cea +lat_ts=30 +datum=WGS84", (-170, 170), (-80, 80)),
    ("+proj=tmerc +lon_0=9 +k=0.9996 +x_0=500000 +datum=WGS84 +units=us-ft", (5, 13), (0, 80)),
    ("+proj=bonne +lat_1=45 +lon_0=2 +datum=WGS84", (-20, 40), (30, 65)),
    ("+proj=eck6 +datum=WGS84", (-170, 170), (-80, 80)),
    ("+proj=sterea +lat_0=52.156 +lon_0=5.3876 +k=0.9999 +datum=WGS84", (3, 8), (50, 54)),
]
# Our name of a method: GDAL's constant, and rasterio's.
METHODS = {
    "nearest": ("NearestNeighbour", "nearest"),
    "bilinear": ("Bilinear", "bilinear"),
    "cubic": ("Cubic", "cubic"),
    "cubicspline": ("CubicSpline", "cubic_spline"),
    "lanczos": ("Lanczos", "lanczos"),
    "average": ("Average", "average"),
    "mode": ("Mode", "mode"),
    "min": ("Min", "min"),
    "max": ("Max", "max"),
    "median": ("Med", "med"),
    "q1": ("Q1", "q1"),
    "q3": ("Q3", "q3"),
    "sum": ("Sum", "sum"),
    "rms": ("RMS", "rms"),
}


def common(a, b):
    low, high = max(a[0], b[0]), min(a[1], b[1])
    return (low, high) if low < high else None


def turned(affine, degrees):
    a, b, c, d, e, f = affine
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (a * cos + b * sin, -a * sin + b * cos, c, d * cos + e * sin, -d * sin + e * cos, f)


def upside_down(affine, height):
    a, b, c, d, e, f = affine
    return (a, -b, c + b * height, d, -e, f + e * height)


def place_of(system, longitude, latitude):
    """Coordinates of a place and coordinate units per metre there; None where the system does not have it."""
    from osgeo import osr

    geographic = osr.SpatialReference()
    geographic.ImportFromProj4("+proj=longlat +datum=WGS84")
    projected = osr.SpatialReference()
    projected.SetFromUserInput(system)
    projected.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    transform = osr.CoordinateTransformation(geographic, projected)
    try:
        x, y, _ = transform.TransformPoint(longitude, latitude)
        u, v, _ = transform.TransformPoint(longitude, latitude + (0.01 if latitude < 0 else -0.01))
    except RuntimeError:
        return None
    unit = math.hypot(u - x, v - y) / 1112
    return (x, y, unit) if math.isfinite(unit) and unit > 0 else None


def geometry(draw):
    """Two grids that meet somewhere: (system, affine, size) each, and the ratio of their pixels."""
    source, target = draw.choice(SYSTEMS), draw.choice(SYSTEMS)
    longitudes, latitudes = common(source[1], target[1]), common(source[2], target[2])
    if not longitudes or not latitudes:
        return None
    place = (draw.uniform(*longitudes), draw.uniform(*latitudes))
    here, there = place_of(source[0], *place), place_of(target[0], *place)
    if here is None or there is None:
        return None
    width, height = draw.randint(20, 70), draw.randint(20, 60)
    metres = 10 ** draw.uniform(1, 5.3)
    pixel = here[2] * metres * draw.choice([1, 1.3])
    ratio = draw.choice([0.3, 0.7, 1, 1, 1.03, 1.5, 2, 3.3, 6])
    coarse = there[2] * metres * ratio
    left, top = here[0] - pixel * width / 2 * draw.uniform(0.6, 1.4), here[1] + pixel * height / 2 * draw.uniform(0.6, 1.4)
    affine = (pixel, 0, left, 0, -pixel * draw.choice([1, 1, 0.8]), top)
    if source[0] == "EPSG:4326" and draw.random() < 0.3:
        affine = (360 / width, 0, -180 if draw.random() < 0.5 else 0, 0, -180 / height, 90)
    columns, rows = draw.randint(10, 50), draw.randint(10, 50)
    if draw.random() < 0.2:
        columns, rows = columns * 5, rows * 4
    left, top = there[0] - coarse * columns / 2 * draw.uniform(0.6, 1.4), there[1] + coarse * rows / 2 * draw.uniform(0.6, 1.4)
    onto = (coarse, 0, left, 0, -coarse, top)
    if draw.random() < 0.15:
        onto = turned(onto, draw.uniform(-60, 60))
    if draw.random() < 0.1:
        affine = turned(affine, draw.uniform(-60, 60))
    if draw.random() < 0.08:
        onto = upside_down(onto, rows)
    return (source[0], affine, (width, height)), (target[0], onto, (columns, rows)), ratio


def raster(draw, size, method):
    width, height = size
    numbers = np.random.default_rng(draw.randrange(2**32))
    y, x = np.mgrid[0:height, 0:width]
    values = numbers.integers(0, 251, (height, width)) if draw.random() < 0.6 else (x + y) * 3 % 251
    values = (values % 5 if method == "mode" else values).astype("<f4")
    holes = draw.random() < 0.5
    if holes:
        values[numbers.random((height, width)) < 0.15] = NODATA
        values[height // 3 : height // 2, width // 3 : width // 2] = NODATA
    return values, holes


def memory(system, affine, size, values):
    from osgeo import gdal, osr

    srs = osr.SpatialReference()
    srs.SetFromUserInput(system)
    dataset = gdal.GetDriverByName("MEM").Create("", size[0], size[1], 1, gdal.GDT_Float32)
    a, b, c, d, e, f = affine
    dataset.SetGeoTransform((c, a, b, f, d, e))
    dataset.SetProjection(srs.ExportToWkt())
    dataset.GetRasterBand(1).SetNoDataValue(NODATA)
    dataset.GetRasterBand(1).WriteArray(values)
    return dataset


def save(path, values):
    values = values.astype("<f8")
    values[values == NODATA] = np.nan
    values.tofile(path)
    return int(np.isfinite(values).sum())


def make(folder, seed, count):
    from osgeo import gdal

    gdal.UseExceptions()
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    os.makedirs(folder, exist_ok=True)
    draw = random.Random(seed)
    cases = []
    while len(cases) < count:
        found = geometry(draw)
        if found is None:
            continue
        source, target, ratio = found
        method = draw.choice(list(METHODS))
        values, holes = raster(draw, source[2], method)
        result = memory(*target, np.full(target[2][::-1], NODATA, "float32"))
        algorithm = getattr(gdal, f"GRA_{METHODS[method][0]}")
        try:
            gdal.Warp(result, memory(*source, values), resampleAlg=algorithm, errorThreshold=0, srcNodata=NODATA, dstNodata=NODATA)
        except RuntimeError:
            continue
        name = os.path.join(folder, str(len(cases)))
        values.tofile(f"{name}.f4")
        valid = save(f"{name}.f8", result.ReadAsArray())
        cases.append({"method": method, "holes": holes, "ratio": ratio, "source": source, "target": target, "valid": valid})
    with open(os.path.join(folder, "cases.json"), "w") as handle:
        json.dump(cases, handle)
    print(gdal.__version__, len(cases), "cases,", sum(c["valid"] == 0 for c in cases), "empty")


def again(folder):
    import rasterio
    from rasterio.crs import CRS
    from rasterio.io import MemoryFile
    from rasterio.transform import Affine
    from rasterio.vrt import WarpedVRT
    from rasterio.warp import Resampling

    with open(os.path.join(folder, "cases.json")) as handle:
        cases = json.load(handle)
    for i, case in enumerate(cases):
        (system, affine, (width, height)), (onto, grid, (columns, rows)) = case["source"], case["target"]
        values = np.fromfile(os.path.join(folder, f"{i}.f4"), "<f4").reshape(height, width)
        profile = dict(driver="GTiff", width=width, height=height, count=1, dtype="float32", nodata=NODATA)
        options = dict(crs=CRS.from_user_input(onto), transform=Affine(*grid), width=columns, height=rows, tolerance=0)
        path = os.path.join(folder, f"{i}.again.f8")
        try:
            with MemoryFile() as file:
                with file.open(crs=CRS.from_user_input(system), transform=Affine(*affine), **profile) as out:
                    out.write(values, 1)
                with file.open() as source:
                    with WarpedVRT(source, resampling=Resampling[METHODS[case["method"]][1]], nodata=NODATA, **options) as vrt:
                        save(path, vrt.read(1))
        except Exception:  # Systems or places that this PROJ refuses.
            save(path, np.full((rows, columns), NODATA))
    print(rasterio.__gdal_version__, len(cases), "cases")


if sys.argv[2] == "again":
    again(sys.argv[1])
else:
    make(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
