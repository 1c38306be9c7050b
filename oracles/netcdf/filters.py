"""A small HDF5 file (base64) with a variable for each filter, by h5py and hdf5plugin, and NetCDF-4 files by netCDF4.

Needs: h5py, hdf5plugin, netCDF4, numpy. Run: python oracles/netcdf/filters.py (writes oracles/netcdf/filters.json).
Cell i is i * 7 % 1000.
"""

import base64
import json
import pathlib
import tempfile

import h5py
import hdf5plugin
import netCDF4
import numpy as np

DATA = (np.arange(40 * 50) * 7 % 1000).reshape(40, 50)
FILTERS = {
    "deflate": {"compression": "gzip"},
    "szip": {"compression": "szip"},
    "lzf": {"compression": "lzf"},
    "bzip2": hdf5plugin.BZip2(),
    "lz4": hdf5plugin.LZ4(),
    "zstd": hdf5plugin.Zstd(),
    "zstd_shuffle_fletcher": {"shuffle": True, "fletcher32": True, "compression": hdf5plugin.Zstd()},
    "blosc_lz4": hdf5plugin.Blosc(cname="lz4"),
    "blosc_zstd_bits": hdf5plugin.Blosc(cname="zstd", shuffle=hdf5plugin.Blosc.BITSHUFFLE),
    "blosc2": hdf5plugin.Blosc2(),
    "blosc2_zlib": hdf5plugin.Blosc2(cname="zlib"),
    "blosc2_zstd": hdf5plugin.Blosc2(cname="zstd", filters=hdf5plugin.Blosc2.DELTA),
    "bitshuffle": hdf5plugin.Bitshuffle(),
    "zfp": hdf5plugin.Zfp(reversible=True),
}
NETCDF = ("zlib", "szip", "zstd", "bzip2", "blosc_lz", "blosc_lz4", "blosc_lz4hc", "blosc_zlib", "blosc_zstd")


def by_h5py(path):
    with h5py.File(path, "w") as file:
        for name, options in FILTERS.items():
            options = options if isinstance(options, dict) and not hasattr(options, "filter_id") else {"compression": options}
            kind = "f4" if name in ("zstd_shuffle_fletcher", "zfp") else "i4"
            file.create_dataset(name, data=DATA.astype(kind), chunks=(16, 32), **options)


def by_netcdf4(path):
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("y", DATA.shape[0])
        file.createDimension("x", DATA.shape[1])
        for name in NETCDF:
            variable = file.createVariable(name, "i2", ("y", "x"), compression=name, shuffle=name != "szip", chunksizes=(16, 32))
            variable[:] = DATA


def main():
    out = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, write in (("h5py", by_h5py), ("netCDF4", by_netcdf4)):
            path = pathlib.Path(folder) / f"{name}.h5"
            write(path)
            out[name] = base64.b64encode(path.read_bytes()).decode()
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=1) + "\n")


main()
