"""Goldens of shapefiles and GeoPackages by pyogrio, small made-up vector files, and a check of the files that we write.

Needs: geopandas, pyogrio, pyarrow, shapely. Run: python oracles/vector/make_features.py DATA_FOLDER (writes features.json),
or: python oracles/vector/make_features.py --check FOLDER (reads features.parquet, .fgb, .gpkg, .geojson written by
`node oracles/vector/write_features.ts FOLDER`, writes features_written.json).
"""

import base64
import json
import pathlib
import sys
import tempfile
import zipfile

import geopandas
import pyogrio
import shapely
from shapely.geometry import LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon

HERE = pathlib.Path(__file__).parent
PATTERNS = ["sits_brazil_modis/inst/extdata/shapefiles/*/*.shp", "eolearn_testeopatch/**/*.gpkg",
            "prosailvae_s2_lai/**/*.gpkg"]


def describe(frame):
    geometry = frame.geometry
    counts = geometry.geom_type.value_counts(dropna=False)
    first = {} if len(frame) == 0 else frame.drop(columns=frame.geometry.name).iloc[0].to_dict()
    return {
        "count": len(frame), "types": {str(k): int(v) for k, v in counts.items()},
        "area": float(geometry.area.sum()), "length": float(geometry.length.sum()),
        "bounds": [None if v != v else float(v) for v in geometry.total_bounds], "epsg": frame.crs and frame.crs.to_epsg(),
        "vertices": int(shapely.get_num_coordinates(geometry.values).sum()),
        "first": {k: v for k, v in first.items() if isinstance(v, (str, int, float)) and v == v},
    }


def made_up():
    square = [(0, 0), (0, 9), (9, 9), (9, 0), (0, 0)]
    hole, island = [(2, 2), (7, 2), (7, 7), (2, 7), (2, 2)], [(4, 4), (4, 5), (5, 5), (5, 4), (4, 4)]
    sets = {
        "polygons": [MultiPolygon([Polygon(square, [hole]), Polygon(island)]), Polygon([(20, 0), (21, 0), (20, 1)]), None],
        "points": [Point(1, 2), Point(3, 4), Point(5, 6)],
        "multipoints": [MultiPoint([(1, 2), (3, 4)]), MultiPoint([(0, 0)]), MultiPoint([(9, 9), (8, 8)])],
        "lines": [LineString([(0, 0), (1, 1)]), MultiLineString([[(0, 0), (3, 4)], [(5, 5), (6, 5)]]), LineString([(0, 0), (0, 2)])],
        "heights": [Point(1, 2, 3), Point(3, 4, 5), Point(5, 6, 7)],
    }
    out = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, shapes in sets.items():
            frame = geopandas.GeoDataFrame(
                {"name": ["Zürich", "b", None], "height": [1.5, -2.25, None], "count": [1, 2, 3], "geometry": shapes}, crs=32632)
            shp, zipped, parquet = (pathlib.Path(folder, f"{name}.{e}") for e in ("shp", "zip", "parquet"))
            frame.to_file(shp, engine="pyogrio", encoding="ISO-8859-1" if name == "points" else "UTF-8")
            with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
                for part in pathlib.Path(folder).glob(f"{name}.*"):
                    if part.suffix in (".shp", ".dbf", ".prj", ".cpg", ".shx"):
                        archive.write(part, part.name)
            frame.to_parquet(parquet, compression="zstd" if name == "lines" else "snappy")
            encoded = {e: base64.b64encode(p.read_bytes()).decode() for e, p in (("zip", zipped), ("parquet", parquet))}
            out[name] = {**describe(frame), "wkt": [None if g is None else shapely.to_wkt(shapely.force_2d(g)) for g in shapes], **encoded}
    return out


def main(root):
    files = {}
    for pattern in PATTERNS:
        for path in sorted(root.glob(pattern)):
            layers = pyogrio.list_layers(path)
            if len(layers) == 1:
                files[str(path.relative_to(root))] = describe(pyogrio.read_dataframe(path))
    (HERE / "features.json").write_text(json.dumps({"files": files, "made": made_up()}, indent=1, default=str) + "\n")


def check(folder):
    out = {}
    for name in ("parquet", "fgb", "gpkg", "geojson"):
        path = folder / f"features.{name}"
        frame = geopandas.read_parquet(path) if name == "parquet" else pyogrio.read_dataframe(path)
        out[name] = {**describe(frame), "names": sorted(str(v) for v in frame["name"]), "columns": sorted(frame.columns)}
    (HERE / "features_written.json").write_text(json.dumps(out, indent=1, default=str) + "\n")


if __name__ == "__main__":
    check(pathlib.Path(sys.argv[2])) if sys.argv[1] == "--check" else main(pathlib.Path(sys.argv[1]))
