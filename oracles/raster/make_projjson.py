"""Writes projjson.json: systems as PROJJSON by PROJ, with a point transformed from longitude and latitude. Needs pyproj."""

import json
import os

from pyproj import CRS, Transformer

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEMS = ["EPSG:4326", "EPSG:32632", "EPSG:3035", "EPSG:27700", "EPSG:31467", "EPSG:3413", "EPSG:3031", "EPSG:5070",
           "EPSG:2229", "EPSG:3857", "EPSG:2154", "EPSG:28992", "EPSG:4258", "EPSG:4807", "EPSG:9518", "EPSG:5514",
           "+proj=sinu +R=6371007.181 +type=crs", "+proj=laea +lat_0=-10 +lon_0=20 +ellps=GRS80 +units=km +type=crs",
           "+proj=aea +lat_1=10 +lat_2=40 +lat_0=25 +lon_0=30 +datum=WGS84 +type=crs", "ESRI:54009"]


def point(crs):
    west, south, east, north = crs.area_of_use.bounds if crs.area_of_use else (-20, -20, 60, 60)
    x, y = 0.4 * west + 0.6 * east, 0.45 * south + 0.55 * north
    base = crs.geodetic_crs or crs
    horizontal = crs.sub_crs_list[0] if crs.sub_crs_list else crs
    to = Transformer.from_crs(horizontal.geodetic_crs, horizontal, always_xy=True)
    return [x, y], list(to.transform(x, y))


rows = []
for text in SYSTEMS:
    crs = CRS.from_user_input(text)
    try:
        source, target = point(crs)
    except Exception as error:  # a system without a transformation is of no use here
        print(text, error)
        continue
    json_dict = crs.to_json_dict()
    for stray in ("$schema", "scope", "area", "bbox", "remarks", "usages"):
        json_dict.pop(stray, None)
    rows.append({"system": text, "source": source, "target": target, "projjson": json_dict})
with open(os.path.join(HERE, "projjson.json"), "w") as handle:
    handle.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
print(len(rows), "systems")
