"""Terrain goldens by gdaldem (through osgeo.gdal): slope, aspect, hillshade and differences of neighbours, with and without
edges, a gap in the DEM.

Writes terrain.json beside itself. Run: python3 make_terrain.py
"""
import json
import os

import numpy as np
from osgeo import gdal, osr
from scipy import ndimage

gdal.UseExceptions()
HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(5)
W, H, NODATA = 24, 18, -9999
dem = (ndimage.gaussian_filter(rng.normal(size=(H, W)), 1.5) * 120 + 500).round(2).astype("float32")
dem[0:2, 20:22] = 640  # level ground
dem[9, 7] = NODATA
dem[17, 12] = NODATA


def run(transform, epsg, mode, **options):
    source = gdal.GetDriverByName("MEM").Create("", W, H, 1, gdal.GDT_Float32)
    source.SetGeoTransform(transform)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(epsg)
    source.SetProjection(reference.ExportToWkt())
    band = source.GetRasterBand(1)
    band.SetNoDataValue(NODATA)
    band.WriteArray(dem)
    out = gdal.DEMProcessing("", source, mode, format="MEM", **options)
    values = out.GetRasterBand(1).ReadAsArray().astype("float64")
    missing = 0 if mode == "hillshade" else -9999
    return [None if v == missing else round(float(v), 5) for v in values.ravel()]


plane = (400000, 5, 0, 7380000, 0, -5)
oblong = (400000, 5, 0, 7380000, 0, -8)
degrees = (11, 0.0005, 0, 46, 0, -0.0005)
cases = []
for name, transform, epsg, scale in (("plane", plane, 32723, 1), ("oblong", oblong, 32723, 1), ("degrees", degrees, 4326, 111120)):
    for edges in (False, True):
        common = {"computeEdges": edges, "scale": scale}
        cases.append({"name": name, "affine": [transform[1], 0, transform[0], 0, transform[5], transform[3]],
                      "edges": edges, "scale": scale,
                      "slope": run(transform, epsg, "slope", **common),
                      # gdaldem takes pixels as square here whatever their size.
                      "aspect": None if name == "oblong" else run(transform, epsg, "aspect", computeEdges=edges),
                      "hillshade": run(transform, epsg, "hillshade", azimuth=200, altitude=35, **common),
                      # Of the grid of squares only: pixel sizes do not matter to them.
                      **({mode: run(transform, epsg, mode, computeEdges=edges) for mode in ("TRI", "TPI", "Roughness")}
                         if name == "plane" else {})})
json.dump({"gdal": gdal.__version__, "width": W, "height": H, "nodata": NODATA, "dem": [float(v) for v in dem.ravel().round(2)],
           "cases": cases}, open(os.path.join(HERE, "terrain.json"), "w"), separators=(",", ":"))
