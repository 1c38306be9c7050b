"""Writes burns.json: checksums of 1,000 polygons (shapes.py), each burnt by GDAL, by centres and all touched.

Needs GDAL's Python module. A row is [CRC-32 by centre, CRC-32 all touched, pixels by centre, pixels touched].
"""

import json
import os
import zlib

from osgeo import gdal, ogr, osr

from shapes import HEIGHT, NORTH, SIZE, WEST, WIDTH, shape

gdal.UseExceptions()
HERE = os.path.dirname(os.path.abspath(__file__))


def burn(geometry, touched):
    srs = osr.SpatialReference()
    srs.ImportFromEPSG(32632)
    raster = gdal.GetDriverByName("MEM").Create("", WIDTH, HEIGHT, 1, gdal.GDT_Byte)
    raster.SetGeoTransform((WEST, SIZE, 0, NORTH, 0, -SIZE))
    raster.SetProjection(srs.ExportToWkt())
    vector = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = vector.CreateLayer("", srs, ogr.wkbMultiPolygon)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(geometry)
    layer.CreateFeature(feature)
    gdal.RasterizeLayer(raster, [1], layer, burn_values=[1], options=["ALL_TOUCHED=TRUE"] if touched else [])
    return raster.ReadAsArray()


def main():
    rows = []
    for i in range(1000):
        geometry = ogr.CreateGeometryFromJson(json.dumps({"type": "MultiPolygon", "coordinates": shape(i)}))
        arrays = [burn(geometry, touched) for touched in (False, True)]
        rows.append([zlib.crc32(a.tobytes()) for a in arrays] + [int(a.sum()) for a in arrays])
    with open(os.path.join(HERE, "burns.json"), "w") as handle:
        handle.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print("GDAL", gdal.__version__, len(rows), "polygons,", sum(row[2] for row in rows), "pixels")


main()
