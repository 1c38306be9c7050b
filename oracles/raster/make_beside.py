"""GeoTIFFs with files beside them (PAM, world files, external overviews and masks), and what GDAL reads in them.

Needs: rasterio, numpy, gdaladdo. Run: python oracles/raster/make_beside.py (writes beside.json beside this script: for every
case its files in base64 and the reading).
"""

import base64
import json
import os
import pathlib
import subprocess
import tempfile
import warnings

import numpy as np
import rasterio
from affine import Affine

warnings.filterwarnings("ignore")
OWN = {"crs": "EPSG:32632", "transform": Affine(10, 0, 100, 0, -10, 200)}
WKT = rasterio.CRS.from_epsg(25833).to_wkt(version="WKT2_2019").replace("&", "&amp;").replace('"', "&quot;")
PAM = f"""<PAMDataset>
  <SRS dataAxisToSRSAxisMapping="1,2">{WKT}</SRS>
  <GeoTransform>  5.0000000000000000e+02,  2.0000000000000000e+01,  1.0e+00,  7.0e+02, -2.0e+00, -2.0e+01</GeoTransform>
  <Metadata domain="OTHER"><MDI key="WHO">nobody</MDI></Metadata>
  <Metadata>
    <MDI key="WHO">beside &amp; more</MDI>
    <MDI key="MORE">beside</MDI>
  </Metadata>
  <PAMRasterBand band="1">
    <Description>first</Description>
    <NoDataValue>5.00000000000000E+00</NoDataValue>
    <UnitType>m</UnitType>
    <Offset>7</Offset>
    <Scale>3</Scale>
    <Metadata><MDI key="STATISTICS_MEAN">4</MDI></Metadata>
  </PAMRasterBand>
  <PAMRasterBand band="2"><NoDataValue>8</NoDataValue></PAMRasterBand>
</PAMDataset>
"""
WORLD = "2\n0.5\n0.25\n-1\n1000.5\n2000.5\n"


def tiff(path, count=2, size=(4, 3), own=True, named=False, tile=None, **options):
    width, height = size
    place = OWN if own is True else own or {}
    if tile:
        options |= {"tiled": True, "blockxsize": tile, "blockysize": tile}
    data = np.arange(count * width * height, dtype="int16").reshape(count, height, width)
    profile = {"driver": "GTiff", "width": width, "height": height, "count": count, "dtype": "int16"}
    with rasterio.open(path, "w", **profile, **place, **options) as d:
        d.write(data)
        if named:
            d.descriptions = tuple(f"own{i + 1}" for i in range(count))
            d.scales, d.offsets, d.units = (2.0,) * count, (1.0,) * count, ("s",) * count
            d.update_tags(WHO="own", ONLY="own")


def reading(path):
    with rasterio.open(path) as d:
        out = {
            "crs": d.crs.to_epsg() if d.crs else None,
            "transform": list(d.transform)[:6],
            "nodata": list(d.nodatavals),
            "descriptions": list(d.descriptions),
            "units": list(d.units),
            "scales": list(d.scales),
            "offsets": list(d.offsets),
            "tags": {key: value for key, value in d.tags().items() if key in ("WHO", "MORE", "ONLY")},
            "overviews": d.overviews(1),
            "values": d.read().ravel().tolist(),
            "valid": (d.dataset_mask() != 0).astype(int).ravel().tolist(),
        }
        if out["overviews"]:
            with rasterio.open(path, OVERVIEW_LEVEL=0) as o:
                out["overview"] = {"values": o.read().ravel().tolist(), "valid": (o.dataset_mask() != 0).astype(int).ravel().tolist()}
    return out


def mask(path, internal):
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal), rasterio.open(path, "r+") as d:
        cells = (np.add.outer(np.arange(d.height), 2 * np.arange(d.width)) % 5 != 0).astype("uint8") * 255
        d.write_mask(cells)


def overviews(path, beside):
    options = ["--config", "GDAL_TIFF_OVR_BLOCKSIZE", "64", "--config", "COMPRESS_OVERVIEW", "DEFLATE"]
    options += ["-ro"] if beside else []
    subprocess.run(["gdaladdo", "-q", *options, "-r", "nearest", path, "2", "4"], check=True)


def cases(folder):
    def write(name, text):
        (folder / name).write_text(text)

    path = str(folder / "a.tif")
    tiff(path, named=True, nodata=3)
    write("a.tif.aux.xml", PAM)
    write("a.tfw", WORLD)
    yield "pam goes before the file", path
    tiff(path, own=False)
    write("a.tif.aux.xml", PAM)
    write("a.tfw", WORLD)
    yield "pam alone", path
    for name in ("a.tfw", "a.tifw", "a.wld", "a.TFW"):
        tiff(path, own={"crs": "EPSG:32632"})
        write(name, WORLD)
        yield f"world file {name}", path
    tiff(path)
    write("a.tfw", WORLD)
    yield "a world file goes behind the file", path
    tiff(path, own={"crs": "EPSG:32632"})
    write("a.tfw", WORLD)
    write("a.wld", WORLD.replace("2", "3"))
    yield "the first world file", path
    big = {"count": 1, "size": (40, 36), "tile": 16}
    tiff(path, **big)
    overviews(path, True)
    yield "overviews beside", path
    tiff(path, **big)
    mask(path, False)
    yield "mask beside", path
    tiff(path, **big)
    mask(path, True)
    overviews(path, False)
    yield "mask and its overviews inside", path
    tiff(path, **big)
    overviews(path, False)
    mask(path, False)
    yield "overviews inside, mask beside", path


def main():
    out = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for case, path in cases(folder):
            files = {file.name: base64.b64encode(file.read_bytes()).decode() for file in sorted(folder.iterdir())}
            out[case] = {**reading(path), "files": files}
            for file in folder.iterdir():
                os.remove(file)
    pathlib.Path(__file__).with_name("beside.json").write_text(json.dumps(out, indent=None).replace('}, "', '},\n"') + "\n")


main()
