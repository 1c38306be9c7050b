"""Writes projections.json: every projection that PROJ has, on an ellipsoid and on a sphere, with variants, by pyproj.

Of each a PROJ string and a few places: longitude, latitude, x, y and the longitude and latitude that PROJ gives back for x
and y; null where it gives nothing. Near the centre, and all over the Earth for maps of the Earth.
"""

import json
import math
import os
import random
import re

from pyproj import CRS, Transformer
from pyproj.list import get_proj_operations_map

HERE = os.path.dirname(os.path.abspath(__file__))
NONE = set(
    "affine axisswap cart deformation defmodel geoc geogoffset gridshift helmert hgridshift horner latlon latlong lonlat longlat "
    "molobadekas molodensky noop pipeline pop push set tinshift topocentric unitconvert vertoffset vgridshift xyzgridshift "
    "geocent cc2 ob_tran nzmg".split()
)
# What they need, or what shows more of them.
TERMS = {
    "lcc": "+lat_1=20 +lat_2=60 +lat_0=30", "aea": "+lat_1=20 +lat_2=60 +lat_0=30", "eqdc": "+lat_1=20 +lat_2=60 +lat_0=30",
    "bonne": "+lat_1=45", "tissot": "+lat_1=20 +lat_2=60", "vitk1": "+lat_1=20 +lat_2=60", "euler": "+lat_1=20 +lat_2=60",
    "murd1": "+lat_1=20 +lat_2=60", "murd2": "+lat_1=20 +lat_2=60", "murd3": "+lat_1=20 +lat_2=60",
    "pconic": "+lat_1=20 +lat_2=60", "omerc": "+lat_0=40 +lonc=10 +alpha=30 +gamma=25 +k=0.9996", "geos": "+h=35785831",
    "tpers": "+h=5500000 +lat_0=40", "nsper": "+h=5500000 +lat_0=40", "utm": "+zone=32", "labrd": "+lat_0=-18.9 +azi=18.9",
    "urm5": "+n=0.9 +alpha=2 +q=4", "urmfps": "+n=0.5", "oea": "+m=1 +n=2 +theta=3", "lagrng": "+W=2 +lat_1=40",
    "chamb": "+lat_1=55 +lon_1=20 +lat_2=65 +lon_2=40 +lat_3=50 +lon_3=60", "tpeqd": "+lat_1=60 +lon_1=-65 +lat_2=34 +lon_2=10",
    "ccon": "+lat_1=52", "laea": "+lat_0=40", "aeqd": "+lat_0=40", "stere": "+lat_0=40", "sterea": "+lat_0=40", "ortho": "+lat_0=40",
    "gnom": "+lat_0=40", "airy": "+lat_0=40", "imw_p": "+lat_1=30 +lat_2=-40", "loxim": "+lat_1=20", "gn_sinu": "+m=2 +n=3",
    "fouc_s": "+n=0.5", "rpoly": "+lat_ts=20", "wink1": "+lat_ts=20", "wink2": "+lat_1=20", "wintri": "+lat_1=40",
    "somerc": "+lat_0=46.95", "krovak": "+lat_0=49.5 +alpha=30.2881397222222 +k=0.9999", "cass": "+lat_0=40",
    "mod_krovak": "+lat_0=49.5 +alpha=30.2881397222222 +k=0.9999", "poly": "+lat_0=10",
    "tmerc": "+lat_0=10 +k=0.999", "etmerc": "+lat_0=10", "eqc": "+lat_ts=30", "cea": "+lat_ts=30", "merc": "+lat_ts=30",
    "tcea": "+lat_0=30", "ocea": "+lat_1=20 +lon_1=10 +lat_2=40 +lon_2=60", "misrsom": "+path=1", "lsat": "+lsat=1 +path=2",
    "col_urban": "+h_0=2550 +lat_0=4.7 +lon_0=-74", "sch": "+plat_0=30 +plon_0=10 +phdg_0=20", "peirce_q": "+shape=square",
    "leac": "+lat_1=30", "lcca": "+lat_0=35", "eqearth": "",
}
# Not for the whole Earth.
LOCAL = set("omerc krovak mod_krovak nzmg cass somerc tmerc etmerc utm gstmerc labrd sterea poly col_urban".split())
MORE = [
    "+proj=nzmg +lat_0=-41 +lon_0=173 +x_0=2510000 +y_0=6023150 +ellps=intl",
    "+proj=stere +lat_0=0 +lon_0=10 +ellps=WGS84", "+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=10 +R=6371000",
    "+proj=stere +lat_0=90 +lat_ts=-71 +lon_0=10 +ellps=WGS84", "+proj=stere +lat_0=40 +k=0.9 +lon_0=10 +R=6371000",
    "+proj=aeqd +lat_0=90 +lon_0=10 +ellps=WGS84", "+proj=aeqd +lat_0=0 +lon_0=10 +ellps=WGS84",
    "+proj=aeqd +guam +lat_0=13 +lon_0=144 +ellps=clrk66", "+proj=ortho +lat_0=0 +lon_0=10 +ellps=WGS84",
    "+proj=ortho +lat_0=90 +lon_0=10 +ellps=WGS84", "+proj=ortho +lat_0=-90 +lon_0=10 +ellps=WGS84",
    "+proj=ortho +lat_0=-55 +lon_0=10 +ellps=WGS84", "+proj=ortho +lat_0=90 +lon_0=10 +R=6371000",
    "+proj=ortho +lat_0=30 +alpha=20 +k=0.99 +lon_0=10 +ellps=WGS84", "+proj=gnom +lat_0=90 +lon_0=10 +ellps=WGS84",
    "+proj=gnom +lat_0=90 +lon_0=10 +R=6371000", "+proj=laea +lat_0=0 +lon_0=10 +ellps=WGS84",
    "+proj=bonne +lat_1=-45 +lon_0=10 +ellps=WGS84", "+proj=bonne +lat_1=90 +lon_0=10 +ellps=WGS84",
    "+proj=eqdc +lat_1=30 +lat_2=30 +lon_0=10 +ellps=WGS84", "+proj=eqdc +lat_1=-30 +lat_2=-50 +lat_0=-20 +lon_0=10 +ellps=WGS84",
    "+proj=lcc +lat_1=-30 +lat_2=-50 +lat_0=-20 +lon_0=10 +ellps=WGS84", "+proj=lcc +lat_1=30 +lat_0=30 +k_0=0.999 +lon_0=10 +ellps=WGS84",
    "+proj=omerc +lat_0=40 +lonc=10 +alpha=90 +ellps=WGS84", "+proj=omerc +no_uoff +lat_0=40 +lonc=10 +alpha=30 +gamma=25 +ellps=WGS84",
    "+proj=omerc +lat_0=40 +lon_1=0 +lat_1=30 +lon_2=20 +lat_2=50 +k=0.9996 +ellps=WGS84 +lonc=10",
    "+proj=geos +h=35786023 +lon_0=-75 +sweep=x +ellps=GRS80", "+proj=tpers +h=5500000 +lat_0=40 +azi=20 +tilt=10 +lon_0=10 +R=6371000",
    "+proj=cass +lat_0=-16.25 +lon_0=179.3333 +hyperbolic +a=6378306.3696 +b=6356571.996", "+proj=mill +R_A +ellps=WGS84 +lon_0=10",
    "+proj=krovak +czech +lat_0=49.5 +lon_0=24.8333333333333 +alpha=30.2881397222222 +k=0.9999 +ellps=bessel",
    "+proj=moll +R_A +ellps=WGS84 +lon_0=10", "+proj=eqc +lat_ts=30 +lat_0=20 +lon_0=10 +ellps=WGS84", "+proj=igh_o +lon_0=-160 +R=6371000",
    "+proj=tmerc +approx +lat_0=40 +lon_0=10 +ellps=WGS84", "+proj=sterea +lat_0=90 +lon_0=10 +k=0.994 +ellps=WGS84",
    "+proj=laea +lat_0=40 +lon_0=10 +ellps=WGS84 +units=us-ft", "+proj=merc +lon_0=10 +lat_0=20 +ellps=WGS84",
]


def finite(value):
    return round(value, 12 if abs(value) < 1000 else 6) if math.isfinite(value) else None


def number(text, *names):
    for name in names:
        found = re.search(rf"\+{name}=(-?[\d.]+)", text)
        if found:
            return float(found.group(1))
    return 9 if "+zone=32" in text else 0


def places(text, name, draw):
    lon_0, lat_0 = number(text, "lon_0", "lonc"), number(text, "lat_0")
    for i in range(4 if name in LOCAL else 8):
        near = i < 4
        longitude = lon_0 + draw.uniform(-3, 3) if near else draw.uniform(-179, 179)
        latitude = max(-89, min(89, lat_0 + draw.uniform(-3, 3))) if near else draw.uniform(-88, 88)
        yield round((longitude + 180) % 360 - 180, 6), round(latitude, 6)


def main():
    draw = random.Random(4)
    texts = []
    for name in sorted(set(get_proj_operations_map()) - NONE):
        terms = TERMS.get(name, "")
        meridian = "" if re.search(r"lon_0|lonc|zone|path|plon|lon_1", terms) else "+lon_0=10"
        texts += [f"+proj={name} {terms} {meridian} {shape}" for shape in ("+ellps=WGS84", "+R=6371000")]
    out = []
    for text in (" ".join(t.split()) for t in texts + MORE):
        name = re.match(r"\+proj=(\w+)", text).group(1)
        try:
            system = CRS(text)
            transform = Transformer.from_crs(system.geodetic_crs, system, always_xy=True)
        except Exception:
            continue
        rows = []
        for longitude, latitude in places(text, name, draw):
            x, y = transform.transform(longitude, latitude)
            back = transform.transform(x, y, direction="INVERSE") if math.isfinite(x) else (math.nan, math.nan)
            rows.append([longitude, latitude, finite(x), finite(y), finite(back[0]), finite(back[1])])
        out.append({"crs": text, "rows": rows})
    with open(os.path.join(HERE, "projections.json"), "w") as handle:
        handle.write("[\n" + ",\n".join(json.dumps(row) for row in out) + "\n]\n")
    print(len(out), "projections")


main()
