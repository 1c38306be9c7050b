"""Goldens of .npy, .npz and .hgt: small made-up arrays (base64) and statistics of reference files, by NumPy and GDAL.

Needs: numpy, rasterio. Run: python oracles/npy/make.py DATA_FOLDER (writes oracles/npy/arrays.json).
"""

import base64
import io
import json
import pathlib
import sys

import numpy as np
import rasterio

DATA = ["climate_indices/tests/fixture/pearson3_monthly.npy", "eolearn_testeopatch/example_data/TestEOPatch/data/NDVI.npy",
        "eolearn_testeopatch/example_data/TestEOPatch/mask/IS_VALID.npy", "climate_indices/tests/fixture/palmer/0101/pdsi.npy",
        "prosailvae_s2_lai/converted_npy/test_prosail_sim_vars.npy",
        "presto_fuel_moisture_algae/data/algae_blooms/npy/dynamic_world.npy"]
TILES = ["srtm_volcano_dem/SRTM3/N40E014.hgt", "srtm_volcano_dem/SRTM3/S09E115.hgt", "rasterio_testdata/N10W110.hgt.zip"]


def made_up():
    base = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    return {
        "float64": base * 0.5, "fortran": np.asfortranarray(base.astype("f4")), "big-endian": base.astype(">i2"),
        "big-fortran": np.asfortranarray(base.astype(">f8")), "half": (base / 7).astype("f2"), "int64": base.astype("i8") - 5,
        "uint64": base.astype("u8"), "bool": base % 2 == 0, "scalar": np.array(3.5), "empty": np.zeros((0, 3)),
        "row": np.arange(5, dtype="u1"), "nan": np.array([1, np.nan, np.inf], "f4"),
    }


def statistics(values):
    flat = np.asarray(values, dtype="f8").ravel()
    valid = flat[np.isfinite(flat)]
    return {"missing": int(flat.size - valid.size), "sum": float(valid.sum()),
            "weighted": float((np.where(np.isfinite(flat), flat, 0) * (np.arange(flat.size) % 97)).sum())}


def main(root):
    arrays = {}
    for name, values in made_up().items():
        buffer = io.BytesIO()
        np.save(buffer, values)
        arrays[name] = {"npy": base64.b64encode(buffer.getvalue()).decode(), "shape": list(values.shape),
                        "values": [None if np.isnan(v) else "Infinity" if np.isinf(v) else v
                                   for v in values.astype("f8").ravel().tolist()]}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, first=np.arange(6).reshape(2, 3), second=np.asfortranarray(np.eye(2)), names=np.array(["a"]))
    files = {path: {"shape": list(np.load(root / path).shape), **statistics(np.load(root / path))} for path in DATA}
    tiles = {}
    for path in TILES:
        target = f"/vsizip/{root / path}/{pathlib.Path(path).stem}" if path.endswith(".zip") else str(root / path)
        with rasterio.open(target) as tile:
            values = tile.read(1).astype("f8")
            values[values == tile.nodata] = np.nan
            tiles[path] = {"transform": list(tile.transform)[:6], "shape": list(values.shape), **statistics(values)}
    out = pathlib.Path(__file__).with_name("arrays.json")
    out.write_text(json.dumps({"arrays": arrays, "npz": base64.b64encode(buffer.getvalue()).decode(), "files": files,
                               "tiles": tiles}, indent=1) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
