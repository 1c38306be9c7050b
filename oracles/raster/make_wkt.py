"""Writes wkt.json: the WKT dialects (WKT 1 of GDAL and ESRI, WKT 2) of some systems, without authority codes."""

import json
import os
import re

from osgeo import osr

osr.UseExceptions()
HERE = os.path.dirname(os.path.abspath(__file__))
CODES = [4326, 4277, 4807, 32632, 32733, 27700, 2154, 31467, 3035, 5070, 3857, 3031, 3413, 3995, 6933, 2229, 28992, 2056, 5514]
CODES += [29101, 2193, 3375, 3395, 26910, 32161, 5880]
DIALECTS = {"wkt1": ["FORMAT=WKT1_GDAL"], "esri": ["FORMAT=WKT1_ESRI"], "wkt2": ["FORMAT=WKT2_2019", "MULTILINE=YES"]}


def main():
    out = []
    for code in CODES:
        srs = osr.SpatialReference()
        srs.ImportFromEPSG(code)
        for dialect, options in DIALECTS.items():
            text = srs.ExportToWkt(options)
            # Without codes a reader must understand the words.
            text = re.sub(r',\s*(AUTHORITY|ID)\["EPSG",\s*"?\d+"?\]', "", text)
            out.append({"code": code, "dialect": dialect, "wkt": text})
    with open(os.path.join(HERE, "wkt.json"), "w") as handle:
        handle.write("[\n" + ",\n".join(json.dumps(row) for row in out) + "\n]\n")


main()
