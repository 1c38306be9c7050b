"""GeoParquet with geometries in GeoArrow's own encodings, by geopandas.

Needs: geopandas, pyarrow. Run: python3 make_native.py (writes native_*.parquet beside itself).
"""

import os

import geopandas
from shapely import wkt

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPES = {
    "point": ["POINT (1 2)", None],
    "polygon": ["POLYGON ((0 0, 4 0, 4 4, 0 0), (2 1, 3 1, 3 2, 2 1))", "POLYGON ((5 5, 6 5, 6 6, 5 5))"],
    "multilinestring": ["MULTILINESTRING ((0 0, 1 1), (2 2, 3 3, 4 5))", "MULTILINESTRING ((7 8, 9 9))"],
}

for name, texts in SHAPES.items():
    shapes = [None if text is None else wkt.loads(text) for text in texts]
    table = geopandas.GeoDataFrame({"i": range(len(texts))}, geometry=shapes, crs="EPSG:3035")
    path = os.path.join(HERE, f"native_{name}.parquet")
    table.to_parquet(path, geometry_encoding="geoarrow", schema_version="1.1.0", compression=None, index=False)
