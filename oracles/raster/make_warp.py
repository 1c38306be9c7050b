"""Writes warp.json and warp_more.json: small rasters of a formula, warped by GDAL with error threshold 0.

warp.json has ordinary geometries; warp_more.json the rarer resamplings, and poles, the meridian of 180 degrees, world
maps and sinusoidal grids.

Source: v(x, y) = ((3x² + 5y² + 7xy) mod 251) / 4 in float32 (mod 5 for `mode`); with holes, nodata where
(3x + 5y) mod 17 = 0 or in a block. Values are base64 of deflated little-endian float32, NaN where nodata.
"""

import base64
import json
import os
import zlib

import numpy as np
from osgeo import gdal, osr

gdal.UseExceptions()
HERE = os.path.dirname(os.path.abspath(__file__))
NODATA = -9999.0


def wkt(crs):
    srs = osr.SpatialReference()
    srs.SetFromUserInput(crs)
    srs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return srs.ExportToWkt()


def source(case):
    w, h = case["size"]
    y, x = np.mgrid[0:h, 0:w].astype("int64")
    modulus = 5 if case["resampling"] == "mode" else 251
    values = (((3 * x * x + 5 * y * y + 7 * x * y) % modulus) / 4).astype("float32")
    if case["holes"]:
        values[(3 * x + 5 * y) % 17 == 0] = NODATA
        values[h // 3 : h // 2, w // 3 : w // 2] = NODATA
    return values


def memory(size, crs, affine, values):
    ds = gdal.GetDriverByName("MEM").Create("", size[0], size[1], 1, gdal.GDT_Float32)
    a, b, c, d, e, f = affine
    ds.SetGeoTransform((c, a, b, f, d, e))
    ds.SetProjection(wkt(crs))
    ds.GetRasterBand(1).SetNoDataValue(NODATA)
    ds.GetRasterBand(1).WriteArray(values)
    return ds


# name, source CRS, source affine, source size, target CRS, target affine, target size
GEOMETRIES = [
    ("utm to neighbour", "EPSG:32632", (30, 0, 600000, 0, -30, 5200000), (44, 40), "EPSG:32633", (30, 0, 143430, 0, -30, 5209750), (40, 36)),
    ("utm to lonlat", "EPSG:32632", (30, 0, 600000, 0, -30, 5200000), (44, 40), "EPSG:4326", (0.0004, 0, 10.316, 0, -0.0003, 46.946), (40, 36)),
    ("lonlat to utm", "EPSG:4326", (0.001, 0, 10.3, 0, -0.001, 46.95), (44, 40), "EPSG:32632", (75, 0, 599000, 0, -75, 5200500), (44, 60)),
    ("modis to utm", "+proj=sinu +R=6371007.181", (463.3127, 0, 780000, 0, -463.3127, 5220000), (44, 40), "EPSG:32632", (500, 0, 590000, 0, -500, 5212000), (40, 36)),
    ("utm to mercator", "EPSG:32732", (10, 0, 300000, 0, -10, 8000000), (44, 40), "EPSG:3857", (10.5, 0, 791540, 0, -10.5, -2046860), (40, 36)),
    ("shifted", "EPSG:32632", (10, 0, 600000, 0, -10, 5200000), (40, 36), "EPSG:32632", (10, 0, 600053.7, 0, -10, 5199931.3), (40, 36)),
    ("half a pixel", "EPSG:32632", (10, 0, 600000, 0, -10, 5200000), (40, 36), "EPSG:32632", (10, 0, 600005, 0, -10, 5199995), (36, 32)),
    ("finer", "EPSG:32632", (10, 0, 600000, 0, -10, 5200000), (20, 18), "EPSG:32632", (4, 0, 600000, 0, -4, 5200000), (50, 45)),
    ("twice coarser", "EPSG:32632", (10, 0, 600000, 0, -10, 5200000), (80, 72), "EPSG:32632", (20, 0, 600000, 0, -20, 5200000), (40, 36)),
    ("coarser, odd", "EPSG:32632", (10, 0, 600000, 0, -10, 5200000), (90, 75), "EPSG:32632", (27, 0, 600013, 0, -33, 5199990), (32, 22)),
    ("coarser across", "EPSG:32632", (30, 0, 600000, 0, -30, 5200000), (120, 110), "EPSG:32633", (140, 0, 143700, 0, -140, 5209500), (22, 19)),
    ("inside", "EPSG:32632", (10, 0, 600000, 0, -10, 5200000), (80, 72), "EPSG:32632", (25, 0, 600111, 0, -25, 5199877), (20, 18)),
    ("from rotated", "EPSG:32632", (8, 6, 600000, 6, -8, 5200000), (44, 40), "EPSG:32632", (10, 0, 600050, 0, -10, 5200200), (40, 36)),
    ("to rotated", "EPSG:32632", (10, 0, 600000, 0, -10, 5200000), (44, 40), "EPSG:32632", (8, 6, 600050, 6, -8, 5199800), (30, 30)),
    ("south up", "EPSG:32632", (10, 0, 600000, 0, 10, 5199600), (44, 40), "EPSG:32632", (10, 0, 600003, 0, -10, 5200003), (40, 36)),
    ("half outside, coarser", "EPSG:32632", (10, 0, 600000, 0, -10, 5200000), (70, 60), "EPSG:32632", (27, 0, 600116, 0, -29, 5199873), (30, 28)),
    ("laea to utm, coarser", "EPSG:3035", (100, 0, 4400000, 0, -100, 2650000), (100, 90), "EPSG:32632", (330, 0, 655500, 0, -330, 5202000), (28, 25)),
]
ALGORITHMS = {
    "nearest": gdal.GRA_NearestNeighbour,
    "bilinear": gdal.GRA_Bilinear,
    "cubic": gdal.GRA_Cubic,
    "average": gdal.GRA_Average,
    "mode": gdal.GRA_Mode,
}
MORE_ALGORITHMS = {
    "cubicspline": gdal.GRA_CubicSpline,
    "lanczos": gdal.GRA_Lanczos,
    "min": gdal.GRA_Min,
    "max": gdal.GRA_Max,
    "median": gdal.GRA_Med,
    "q1": gdal.GRA_Q1,
    "q3": gdal.GRA_Q3,
    "rms": gdal.GRA_RMS,
    "sum": gdal.GRA_Sum,
}
MORE_GEOMETRIES = ("utm to neighbour", "finer", "twice coarser", "coarser, odd", "coarser across", "from rotated", "lonlat to utm")
WORLD = (5, 0, -180, 0, -5, 90)
# What shows the pieces that GDAL cuts a warp into, samples taken as they are, and pixels across the source's ends.
PIECES = [
    ("sparse", "EPSG:32632", (100, 0, 600000, 0, -100, 5200000), (60, 50), "EPSG:32633", (150, 0, 140000, 0, -150, 5215000), (130, 60), ("bilinear", "lanczos", "cubicspline")),
    ("moved", "EPSG:32632", (10, 0, 600000, 0, -10, 5200000), (44, 40), "EPSG:32632", (10, 0, 600030, 0, -10, 5199950), (30, 30), ("bilinear", "cubicspline", "sum")),
    ("around", "EPSG:4326", (5, 0, -180, 0, -5, 90), (72, 36), "EPSG:3832", (600000, 0, -3300000, 0, -600000, 4500000), (20, 15), ("average", "min", "q3", "rms", "mode")),
]
# Positions interpolated along rows, as GDAL does by default.
APPROXIMATE = ("utm to neighbour", "lonlat to utm", "modis to utm", "coarser across", "laea to utm, coarser")
THRESHOLD = 0.125
ODD = [
    ("world to north pole", "EPSG:4326", WORLD, (72, 36), "EPSG:3413", (350000, 0, -7000000, 0, -350000, 7000000), (40, 40)),
    ("world to south pole", "EPSG:4326", WORLD, (72, 36), "EPSG:3031", (310000, 0, -3000000, 0, -310000, 3000000), (20, 20)),
    ("north pole to lonlat", "EPSG:3413", (100000, 0, -2000000, 0, -100000, 2000000), (40, 40), "EPSG:4326", (9, 0, -180, 0, -0.7, 90), (40, 30)),
    ("south pole to other pole grid", "EPSG:3031", (100000, 0, -2000000, 0, -100000, 2000000), (40, 40), "+proj=laea +lat_0=-90 +lon_0=0 +datum=WGS84", (90000, 0, -1800000, 0, -90000, 1800000), (40, 40)),
    ("world to Pacific", "EPSG:4326", WORLD, (72, 36), "EPSG:3832", (300000, 0, -3000000, 0, -300000, 4500000), (40, 30)),
    ("world 0 to 360 to Fiji", "EPSG:4326", (5, 0, 0, 0, -5, 90), (72, 36), "EPSG:32760", (50000, 0, 300000, 0, -50000, 8500000), (24, 16)),
    ("across 180 to lonlat", "EPSG:32660", (10000, 0, 400000, 0, -10000, 6000000), (60, 40), "EPSG:4326", (0.1, 0, 176, 0, -0.1, 54), (60, 40)),
    ("across 180 to lonlat beyond", "EPSG:32601", (10000, 0, 100000, 0, -10000, 6000000), (60, 40), "EPSG:4326", (0.1, 0, -185, 0, -0.1, 54), (60, 40)),
    ("world to sinusoidal", "EPSG:4326", WORLD, (72, 36), "+proj=sinu +R=6371007.181", (500000, 0, -20015109.354, 0, -500000, 10007554.677), (80, 40)),
    ("sinusoidal to world", "+proj=sinu +R=6371007.181", (500000, 0, -20015109.354, 0, -500000, 10007554.677), (80, 40), "EPSG:4326", WORLD, (72, 36)),
    ("utm to modis", "EPSG:32632", (500, 0, 590000, 0, -500, 5212000), (44, 40), "+proj=sinu +R=6371007.181", (463.3127, 0, 783000, 0, -463.3127, 5216000), (30, 30)),
    ("world to mercator", "EPSG:4326", WORLD, (72, 36), "EPSG:3857", (1000000, 0, -20037508.34, 0, -1000000, 20037508.34), (40, 40)),
    ("mercator to world", "EPSG:3857", (1000000, 0, -20037508.34, 0, -1000000, 20037508.34), (40, 40), "EPSG:4326", WORLD, (72, 36)),
    ("rotated to lonlat", "EPSG:3035", (800, 600, 4400000, 600, -800, 2650000), (44, 40), "EPSG:4326", (0.012, 0, 11.0, 0, -0.009, 47.2), (50, 60)),
    ("lonlat to rotated", "EPSG:4326", (0.02, 0, 10.8, 0, -0.015, 47.3), (60, 50), "EPSG:3035", (800, 600, 4400000, 600, -800, 2650000), (40, 36)),
]


def warped(case, algorithm, s_crs, s_affine, s_size, t_crs, t_affine, t_size):
    src = memory(s_size, s_crs, s_affine, source(case))
    dst = memory(t_size, t_crs, t_affine, np.full((t_size[1], t_size[0]), NODATA, "float32"))
    threshold = case.get("errorThreshold", 0)
    gdal.Warp(dst, src, resampleAlg=algorithm, errorThreshold=threshold, dstNodata=NODATA, srcNodata=NODATA)
    values = dst.ReadAsArray().astype("<f4")
    values[values == NODATA] = np.nan
    case.update(
        crs=s_crs,
        affine=s_affine,
        target={"crs": t_crs, "affine": t_affine, "size": t_size},
        valid=int(np.isfinite(values).sum()),
        values=base64.b64encode(zlib.compress(values.tobytes(), 9)).decode(),
    )
    return case


def save(name, out):
    with open(os.path.join(HERE, name), "w") as handle:
        handle.write("[\n" + ",\n".join(json.dumps(row) for row in out) + "\n]\n")
    print(name, len(out), "cases", [c["valid"] for c in out if c["resampling"] == "nearest"])


def more():
    for name, *geometry in GEOMETRIES:
        if name in MORE_GEOMETRIES:
            for resampling, algorithm in MORE_ALGORITHMS.items():
                for holes in (False, True):
                    case = {"name": name, "resampling": resampling, "holes": holes, "size": geometry[2]}
                    yield warped(case, algorithm, *geometry)
    for name, *geometry, methods in PIECES:
        for resampling in methods:
            algorithm = {**ALGORITHMS, **MORE_ALGORITHMS}[resampling]
            for holes in (False, True):
                case = {"name": name, "resampling": resampling, "holes": holes, "size": geometry[2]}
                yield warped(case, algorithm, *geometry)
    rows = [g for g in GEOMETRIES if g[0] in APPROXIMATE] + [g[:-1] for g in PIECES if g[0] == "sparse"]
    for name, *geometry in rows:
        for resampling in ("nearest", "bilinear"):
            case = {"name": name, "resampling": resampling, "holes": True, "size": geometry[2], "errorThreshold": THRESHOLD}
            yield warped(case, ALGORITHMS[resampling], *geometry)
    for name, *geometry in ODD:
        for resampling in ("nearest", "bilinear", "cubic"):
            for holes in (False, True) if resampling != "nearest" else (True,):
                case = {"name": name, "resampling": resampling, "holes": holes, "size": geometry[2]}
                yield warped(case, ALGORITHMS[resampling], *geometry)


def main():
    out = []
    for name, s_crs, s_affine, s_size, t_crs, t_affine, t_size in GEOMETRIES:
        for resampling, algorithm in ALGORITHMS.items():
            for holes in (False, True) if resampling in ("bilinear", "cubic") else (True,):
                case = {"name": name, "resampling": resampling, "holes": holes, "size": s_size}
                out.append(warped(case, algorithm, s_crs, s_affine, s_size, t_crs, t_affine, t_size))
    save("warp.json", out)
    save("warp_more.json", list(more()))


main()
