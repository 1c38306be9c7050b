"""Writes crs.json: points in WGS 84 and their coordinates by PROJ (through GDAL) for systems of the shipped EPSG table.

The transformation uses the table's own PROJ strings, so that the numbers test the mathematics and not the choice of a
datum shift. Arguments: how many systems of each projection (default 12; `all` for every one), output file.
"""

import json
import os
import random
import sqlite3
import sys

from osgeo import gdal, osr

osr.UseExceptions()
gdal.PushErrorHandler("CPLQuietErrorHandler")
HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "..", "..", "packages", "cube", "src", "crs", "epsg.json")
# Projections outside the EPSG table that satellite products use, and other spellings.
OTHERS = [
    ("+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs", [(-55.2, -12.3), (10, 60)]),
    ("+proj=sinu +lon_0=20 +datum=WGS84 +no_defs", [(-55.2, -12.3), (10, 60)]),
    ("+proj=aea +lat_1=20 +lat_2=-23 +lat_0=0 +lon_0=25 +datum=WGS84 +no_defs", [(20, -5), (35, 30)]),
    ("+proj=laea +lat_0=90 +lon_0=0 +datum=WGS84 +no_defs", [(-45, 75), (100, 89.9)]),
    ("+proj=laea +lat_0=-90 +lon_0=10 +datum=WGS84 +no_defs", [(-45, -75), (100, -60)]),
    ("+proj=laea +lat_0=0 +lon_0=100 +R=6371007.181 +no_defs", [(95, 15), (130, -40)]),
    ("+proj=lcc +lat_1=-20 +lat_2=-40 +lat_0=-30 +lon_0=135 +datum=WGS84 +no_defs", [(130, -25), (150, -38)]),
    ("+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +datum=WGS84 +no_defs", [(-45, 75), (100, 60)]),
    ("+proj=stere +lat_0=-90 +k=0.994 +lon_0=0 +x_0=2000000 +y_0=2000000 +datum=WGS84 +no_defs", [(12, -82)]),
    ("+proj=merc +lat_ts=30 +lon_0=10 +datum=WGS84 +no_defs", [(20, 40), (-30, -60)]),
    ("+proj=eqc +lat_ts=40 +lon_0=10 +datum=WGS84 +no_defs", [(20, 40)]),
    ("+proj=moll +lon_0=0 +datum=WGS84 +no_defs", [(20, 40)]),
    ("+proj=robin +lon_0=0 +datum=WGS84 +no_defs", [(20, 40)]),
    ("+proj=geos +h=35785831 +lon_0=9.5 +sweep=y +datum=WGS84 +no_defs", [(20, 40)]),
    ("+proj=aeqd +lat_0=48 +lon_0=11 +datum=WGS84 +no_defs", [(11.5, 48.3)]),
    ("+proj=tmerc +lat_0=10 +lon_0=-71 +k=0.9996 +x_0=1e5 +y_0=2e5 +ellps=intl +towgs84=-84,-97,-117 +units=ft +no_defs", [(-70, 12)]),
]


def srs(text):
    out = osr.SpatialReference()
    out.ImportFromProj4(text)
    out.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return out


def kind_is_degrees(text):
    return "+proj=longlat" in text


def main(count, target):
    random.seed(1)
    rows = [row.split("|") for row in json.load(open(TABLE))["rows"]]
    kinds = {}
    for code, name, terms in rows:
        kinds.setdefault(terms.split()[0], []).append((int(code), terms))
    db = sqlite3.connect("file:/usr/share/proj/proj.db?mode=ro", uri=True)
    wgs84 = srs("+proj=longlat +datum=WGS84 +no_defs")
    out = []

    def add(label, text, points):
        try:
            transform = osr.CoordinateTransformation(wgs84, srs(text))
            result = [transform.TransformPoint(x, y)[:2] for x, y in points]
        except RuntimeError:
            return
        out.append({"crs": label, "lonLat": points, "xy": [[round(v, 11 if kind_is_degrees(text) else 6) for v in pair] for pair in result]})

    for kind, members in sorted(kinds.items()):
        chosen = members if count == "all" else random.sample(members, min(int(count), len(members)))
        for code, terms in sorted(chosen):
            extent = db.execute(
                "select e.west_lon, e.south_lat, e.east_lon, e.north_lat from usage u join extent e on "
                "e.auth_name=u.extent_auth_name and e.code=u.extent_code where u.object_auth_name='EPSG' and "
                "u.object_table_name in ('projected_crs','geodetic_crs') and u.object_code=?",
                (code,),
            ).fetchone()
            if not extent or extent[0] is None:
                continue
            west, south, east, north = extent
            east += 360 if east < west else 0
            points = [
                (round(west + (east - west) * u, 6), round(max(-88, min(88, south + (north - south) * v)), 6))
                for u, v in ((0.3, 0.6), (0.9, 0.15))
            ]
            points = [(x - 360 if x > 180 else x, y) for x, y in points]
            # PROJ would choose its own way for named datums; the table says what ours is.
            terms = terms.replace("datum=NAD83", "ellps=GRS80 towgs84=0,0,0")
            terms = terms.replace("datum=NAD27", "ellps=clrk66 towgs84=-8,160,176")
            text = "+" + terms.replace(" ", " +") + " +no_defs"
            add(f"EPSG:{code}", text, points)
    for text, points in OTHERS:
        add(text, text, points)
    with open(target, "w") as handle:
        handle.write("[\n" + ",\n".join(json.dumps(row) for row in out) + "\n]\n")
    print(len(out), "systems")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "12", sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, "crs.json"))
