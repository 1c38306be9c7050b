"""Checks what write_odd_cogs.ts wrote: by rio-cogeo, and every value, text and overview by rasterio.

Needs: rasterio, rio-cogeo, numpy. Run: node oracles/raster/write_odd_cogs.ts FOLDER, then
python oracles/raster/check_odd_cogs.py FOLDER; ends with 1 where something differs. Integers of averages of odd sides may
differ by 1 at 1% of pixels: shares are added in another order. Rasters without nodata whose height is odd where the width is
even are left out: GDAL 3.6 takes whole rows then for the first and last overview row, where all others are shares.
"""

import json
import pathlib
import sys
import warnings

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.warp import transform
from rio_cogeo import cog_validate

warnings.filterwarnings("ignore")
folder = pathlib.Path(sys.argv[1])


def overviews_of(path, dataset, values, method):
    """GDAL's own overviews of the same values."""
    profile = {key: dataset.profile[key] for key in ("width", "height", "count", "dtype", "nodata", "crs", "transform")}
    with rasterio.open(path, "w", driver="GTiff", **profile) as copy:
        copy.write(values)
    with rasterio.open(path, "r+") as copy:
        copy.build_overviews(dataset.overviews(1), Resampling[method])
    for level in range(len(dataset.overviews(1))):
        with rasterio.open(path, OVERVIEW_LEVEL=level) as copy:
            yield copy.read()


def sides(one, level):
    return tuple(-(-one[side] // 2**level) for side in ("width", "height"))


def check(one):
    path = folder / f"{one['name']}.tif"
    valid, errors, _ = cog_validate(path, quiet=True)
    if not valid:
        yield f"not a COG: {errors}"
    with rasterio.open(path) as d:
        nodata = None if one["nodata"] is None else np.array(float(one["nodata"].replace("Infinity", "inf")), one["dtype"])
        raw = np.fromfile(path.with_suffix(".raw"), one["dtype"]).reshape(-1, one["height"], one["width"])
        if nodata is not None and raw.dtype.kind == "f":
            raw = np.where(np.isnan(raw), nodata, raw)
        values = d.read()
        if values.dtype != raw.dtype or not np.array_equal(values, raw, equal_nan=raw.dtype.kind == "f"):
            yield "values differ"
        if not np.allclose(list(d.transform)[:6], one["affine"], rtol=0, atol=1e-9):
            yield f"transform {d.transform}"
        if (d.nodata is None) != (nodata is None) or (nodata is not None and not np.array_equal(np.array(d.nodata, nodata.dtype), nodata, equal_nan=nodata.dtype.kind == "f")):
            yield f"nodata {d.nodata}"
        if list(d.descriptions) != one["names"]:
            yield f"names {d.descriptions}"
        for key, found in (("scale", d.scales), ("offset", d.offsets)):
            if one.get(key) is not None and list(found) != one[key]:
                yield f"{key} {found}"
        for key, value in one["metadata"].items():
            if d.tags().get(key) != value:
                yield f"metadata {key}: {d.tags().get(key)!r}"
        expected = rasterio.CRS.from_user_input(one["crs"])
        places = [transform(crs, "EPSG:4326", [1e5, -2e6], [3e5, 1e6]) for crs in (d.crs, expected)]
        if d.crs != expected and not np.allclose(*places, atol=1e-9):
            yield f"system {d.crs.to_wkt()}"
        if one["nodata"] is None and any(
            width % 2 == 0 and height % 2 == 1
            for width, height in (sides(one, level) for level in range(len(d.overviews(1))))
        ):
            return
        is_odd = any(one[side] % 2 ** len(d.overviews(1)) for side in ("width", "height"))
        for level, theirs in enumerate(overviews_of(folder / "copy.tif", d, values, one["overviews"])):
            with rasterio.open(path, OVERVIEW_LEVEL=level) as o:
                ours = o.read()
            # GDAL adds float32 in float32.
            close = np.isclose(ours, theirs, rtol=1e-6, atol=1e-4, equal_nan=True) if raw.dtype.kind == "f" else ours == theirs
            if is_odd and one["overviews"] == "average" and raw.dtype.kind != "f":
                near = np.abs(ours.astype("int64") - theirs.astype("int64")) <= 1
                close = near if near.all() and (~close).mean() < 0.01 else close
            if not close.all():
                yield f"overview {level}: {(~close).mean():.2%} differ"


manifest = json.loads((folder / "manifest.json").read_text())
bad = 0
for one in manifest:
    found = list(check(one))
    bad += bool(found)
    if found:
        print(one["name"], "; ".join(found))
print(f"{len(manifest) - bad} as expected, {bad} not")
sys.exit(1 if bad else 0)
