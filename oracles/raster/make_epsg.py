"""Writes packages/cube/src/crs/epsg.json: code, name and PROJ string of every two-dimensional EPSG CRS that PROJ can express.

Run with a Python that has GDAL's osr bindings; PROJ_DATA and the argument may name the data of a newer PROJ (those that
pyproj carries, say). The codes, names and parameters come from the EPSG Geodetic Parameter
Dataset (https://epsg.org, (c) IOGP) as PROJ ships it; datum shifts are the three- or seven-parameter ones that GDAL
guesses, else EPSG's own with the widest cover.
"""

import json
import math
import os
import re
import sqlite3
import sys

from osgeo import gdal, osr

osr.UseExceptions()
gdal.PushErrorHandler("CPLQuietErrorHandler")
# A retired code keeps its own meaning: EPSG:2163 is on a sphere, its successor is not.
gdal.SetConfigOption("OSR_USE_NON_DEPRECATED", "NO")

DROPPED = {"+no_defs", "+type=crs", "+units=m"}


def number(text):
    """The shortest text of the same number, so that the table stays small."""
    try:
        value = float(text)
    except ValueError:
        return text
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def token(part):
    if "=" not in part:
        return part
    key, value = part.split("=", 1)
    return key + "=" + ",".join(number(item) for item in value.split(","))


def area(row):
    west, south, east, north = [v or 0 for v in row]
    if east < west:
        east += 360
    return west, south, east, north


def overlap(one, other):
    a, b = area(one), area(other)
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(0, width) * max(0, height)


# EPSG unit codes of rotations, in arc-seconds.
ARC_SECONDS = {"None": 1, "9104": 1, "9109": 180 * 3600 / math.pi / 1e6, "9101": 180 * 3600 / math.pi}
EXTENT = (
    "select e.west_lon, e.south_lat, e.east_lon, e.north_lat from usage u join extent e on e.auth_name=u.extent_auth_name "
    "and e.code=u.extent_code where u.object_auth_name='EPSG' and u.object_table_name=? and u.object_code=?"
)


def helmert(db, code):
    """EPSG's transformation to WGS 84 that covers most of the CRS, then the most accurate: a towgs84 term, or None."""
    base = db.execute(
        "select geodetic_crs_code from projected_crs where auth_name='EPSG' and code=?", (code,)
    ).fetchone()
    table = "projected_crs" if base else "geodetic_crs"
    extent = db.execute(EXTENT, (table, code)).fetchone()
    rows = db.execute(
        "select code, method_code, tx, ty, tz, rx, ry, rz, scale_difference, accuracy, translation_uom_code, "
        "rotation_uom_code, scale_difference_uom_code from helmert_transformation_table where auth_name='EPSG' and "
        "source_crs_auth_name='EPSG' and source_crs_code=? and target_crs_code='4326' and deprecated=0 and "
        "method_code in ('9603','9606','9607')",
        (base[0] if base else code,),
    ).fetchall()
    best = None
    for row in rows:
        if str(row[10]) != "9001" or str(row[11]) not in ARC_SECONDS or str(row[12]) not in ("None", "9202"):
            continue
        covered = db.execute(EXTENT, ("helmert_transformation", row[0])).fetchone()
        share = round(overlap(extent, covered) / max(1e-9, overlap(extent, extent)), 2) if extent and covered else 0
        key = (-share, row[9] or 99, -row[0])
        if best is None or key < best[0]:
            sign = -1 if str(row[1]) == "9607" else 1
            turn = [round(sign * (v or 0) * ARC_SECONDS[str(row[11])], 9) for v in row[5:8]]
            best = (key, [*row[2:5], *turn, row[8] or 0])
    return None if best is None else "+towgs84=" + ",".join(repr(float(v)) for v in best[1])


def main(database, target):
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    rows = list(
        db.execute(
            "select code, name from projected_crs where auth_name='EPSG' union all "
            "select code, name from geodetic_crs where auth_name='EPSG' and type='geographic 2D'"
        )
    )
    lines = []
    for code, name in sorted((int(code), name) for code, name in rows):
        srs = osr.SpatialReference()
        try:
            srs.ImportFromEPSG(code)
            text = srs.ExportToProj4()
            guessed = srs.AddGuessedTOWGS84() == 0 and re.search(r"\+towgs84=\S+", srs.ExportToProj4())
        except RuntimeError:
            continue
        if not text:
            continue
        if guessed and not any(key in text for key in ("+towgs84", "+datum", "+nadgrids")):
            text += " " + guessed.group()
        if not any(key in text for key in ("+towgs84", "+datum", "+nadgrids")):
            text += " " + (helmert(db, str(code)) or "")
        parts = [token(part) for part in text.split() if part not in DROPPED]
        lines.append(f"{code}|{name}|{' '.join(part.removeprefix('+') for part in parts)}")
    versions = dict(db.execute("select key, value from metadata"))
    source = f"EPSG Geodetic Parameter Dataset {versions['EPSG.VERSION']} (c) IOGP, by PROJ {versions['PROJ.VERSION']}"
    with open(target, "w", encoding="utf-8") as out:
        json.dump({"source": source, "rows": lines}, out, ensure_ascii=False, indent=2)
        out.write("\n")
    print(len(lines), "systems,", os.path.getsize(target), "bytes")


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    default = os.path.join(here, "..", "..", "packages", "cube", "src", "crs", "epsg.json")
    main(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/proj/proj.db", default)
