"""Goldens of CF grid mappings and of the WKT that we write, by PROJ and GDAL.

Needs: pyproj, rasterio. Run: node oracles/cf/write.ts > WKT.json; python oracles/cf/make.py WKT.json (writes oracles/cf/cf.json).
For every system: its CF parameters as pyproj writes them, a point in longitude and latitude, the same point in the
system, in the system of our WKT, and in that of our CF parameters (without WKT).
"""

import json
import pathlib
import sys
import warnings

import pyproj
import rasterio.crs
from pyproj import CRS, Transformer

warnings.simplefilter("ignore")
POINTS = {"EPSG:32722": (-52.5, -12.25), "EPSG:5070": (-98.5, 40.25), "EPSG:3413": (-40.0, 72.5), "EPSG:3031": (30.0, -75.5),
          "EPSG:2193": (174.5, -40.5), "EPSG:32661": (20.0, 85.0), "EPSG:6933": (25.5, -30.25)}


def project(crs, point):
    base = crs.geodetic_crs or CRS(4326)
    return list(Transformer.from_crs(base, crs, always_xy=True).transform(*point))


def main(path):
    out = {}
    for code, written in json.loads(pathlib.Path(path).read_text()).items():
        crs = CRS(code)
        point = POINTS.get(code, (9.5, 48.25))
        cf = {k: v for k, v in crs.to_cf().items() if k not in ("crs_wkt", "towgs84")}
        row = {"cf": cf, "point": point, "xy": project(crs, point), "wkt_xy": None, "wkt_epsg": None, "cf_xy": None}
        if written["wkt"] is not None:
            ours = CRS(written["wkt"])
            row["wkt_xy"] = project(ours, point)
            row["wkt_epsg"] = rasterio.crs.CRS.from_wkt(written["wkt"]).to_epsg()
        mapping = {k: v for k, v in written["mapping"].items() if k not in ("crs_wkt", "spatial_ref", "GeoTransform")}
        if "grid_mapping_name" in mapping:
            row["cf_xy"] = project(CRS.from_cf(mapping), point)
        out[code] = row
    target = pathlib.Path(__file__).with_name("cf.json")
    target.write_text(json.dumps({"proj": pyproj.proj_version_str, "systems": out}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
