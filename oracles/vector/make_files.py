"""Vector files written by GDAL/OGR: a GeoPackage of several layers and FlatGeobuf files.

Writes layers.gpkg, scars.fgb and local.fgb beside itself. Run: python3 make_files.py
"""
import os

from osgeo import gdal, ogr, osr

gdal.UseExceptions()
ogr.UseExceptions()
HERE = os.path.dirname(os.path.abspath(__file__))
SHAPES = [
    ("big", 7, "POLYGON ((500 700, 600 700, 600 800, 500 800, 500 700), (520 720, 520 740, 540 740, 520 720))"),
    ("two", 2**40, "MULTIPOLYGON (((0 0, 10 0, 10 10, 0 0)), ((20 20, 30 20, 30 30, 20 20)))"),
    ("bow", -3, "POLYGON ((100 100, 110 110, 110 100, 100 110, 100 100))"),
    ("empty", 0, "POLYGON EMPTY"),
]
LOCAL = "+proj=tmerc +lat_0=10 +lon_0=20 +k=0.9999 +x_0=1000 +y_0=2000 +ellps=GRS80 +units=m"


def srs(text):
    out = osr.SpatialReference()
    out.SetFromUserInput(text)
    return out


def fill(dataset, name, crs, kind, shapes, options=()):
    layer = dataset.CreateLayer(name, srs(crs) if crs else None, kind, options=list(options))
    layer.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    layer.CreateField(ogr.FieldDefn("count", ogr.OFTInteger64))
    for label, count, wkt in shapes:
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetField("name", label)
        feature.SetField("count", count)
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)


path = os.path.join(HERE, "layers.gpkg")
if os.path.exists(path):
    os.remove(path)
geopackage = ogr.GetDriverByName("GPKG").CreateDataSource(path)
fill(geopackage, "scars", "EPSG:32723", ogr.wkbMultiPolygon, [s for s in SHAPES if s[0] != "big"] + [
    ("big", 7, SHAPES[0][2].replace("POLYGON ((", "MULTIPOLYGON (((").replace("))", ")))"))])
fill(geopackage, "heights", LOCAL, ogr.wkbPolygon25D, [("z", 1, "POLYGON Z ((0 0 5, 1 0 5, 1 1 5, 0 0 5))")])
fill(geopackage, "wells", "EPSG:4326", ogr.wkbPoint, [("well", 1, "POINT (1 2)")])
fill(geopackage, "nowhere", None, ogr.wkbPolygon, [SHAPES[0]])
geopackage = None

for name, crs, kind, shapes in (
    ("scars.fgb", "EPSG:32723", ogr.wkbUnknown, SHAPES[:3]),
    ("local.fgb", LOCAL, ogr.wkbPolygon, SHAPES[:1]),
):
    path = os.path.join(HERE, name)
    if os.path.exists(path):
        os.remove(path)
    flat = ogr.GetDriverByName("FlatGeobuf").CreateDataSource(path)
    fill(flat, name[:-4], crs, kind, shapes)
    flat = None
