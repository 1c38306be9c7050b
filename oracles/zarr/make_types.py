"""Small stores with every data type, codec and layout that zarr-python writes: make_types.py ZIP > types.json.

Needs zarr 3, numcodecs, xarray, rioxarray. In ZIP each store is a folder. Of arrays with more than 100 cells the JSON has the SHA-256 (first 16 digits), else what zarr-python reads back, with large integers as text, NaN and infinities by name, complex numbers as
pairs, times as their numbers.
"""

import hashlib
import json
import pathlib
import sys
import tempfile
import warnings
import zipfile

import numcodecs
import numpy as np
import rioxarray  # noqa: F401
import xarray
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)
work = pathlib.Path(tempfile.mkdtemp())
arrays = {}


def plain(value):
    if isinstance(value, (np.void,)) and value.dtype.names:
        return {name: plain(value[name]) for name in value.dtype.names}
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return str(value.astype("int64"))
    if isinstance(value, np.generic):
        if value.dtype.kind in "iu" and value.dtype.itemsize == 8:
            return str(value)
        value = value.item()
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, bytes):
        return value.decode("latin1")
    if isinstance(value, float) and not np.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def note(store, name):
    array = zarr.open_group(work / store, mode="r")[name]
    values = np.asarray(array[...])
    row = {"shape": list(values.shape)}
    if values.size > 100:
        native = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("=")))
        row["sha256"] = hashlib.sha256(native.tobytes()).hexdigest()[:16]
    else:
        row["values"] = [plain(v) for v in values.reshape(-1)]
    arrays.setdefault(store, {})[name] = row


def numbers(dtype, shape=(5, 7)):
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) > 0.5
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        low, high = (info.min, info.max) if dtype.itemsize < 8 else (-(2**53) if dtype.kind == "i" else 0, 2**53)
        out = rng.integers(low, high, shape, dtype=dtype.newbyteorder("="), endpoint=True)
        out.reshape(-1)[:2] = [low, high]
        return out.astype(dtype)
    if dtype.kind == "c":
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)
    out = rng.normal(0, 100, shape).astype(dtype)
    out.reshape(-1)[:4] = [np.nan, np.inf, -np.inf, 0]
    return out


def add(group, store, name, values, **options):
    array = group.create_array(name, shape=values.shape, dtype=values.dtype, **options)
    array[...] = values
    note(store, name)


KINDS = ["bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]

# Types, both byte orders.
for version in (2, 3):
    store = f"types{version}.zarr"
    group = zarr.open_group(work / store, mode="w", zarr_format=version)
    for kind in KINDS:
        add(group, store, kind, numbers(kind), chunks=(3, 4))
        if np.dtype(kind).itemsize > 1 and version == 2:
            add(group, store, f"big-{kind}", numbers(">" + kind), chunks=(3, 4))
        if np.dtype(kind).itemsize > 1 and version == 3:
            add(group, store, f"big-{kind}", numbers(kind), chunks=(3, 4), serializer=BytesCodec(endian="big"))
    texts = np.array(["", "a", "größer", "世界", "🚀", "x" * 9])
    add(group, store, "fixed-text", texts.astype("U9"), chunks=(4,))
    add(group, store, "fixed-bytes", np.array([b"", b"a", b"bc", b"\x01z"], "S3"), chunks=(3,))
    add(group, store, "raw-bytes", np.array([b"abc", b"\0\1\2"], "V3"), chunks=(1,))
    add(group, store, "text", texts.astype(np.dtypes.StringDType()), chunks=(4,))
    for unit in ("D", "s", "ns"):
        times = np.array(["1969-12-31", "2020-02-29", "NaT"], f"M8[{unit}]")
        add(group, store, f"time-{unit}", times, chunks=(2,))
    add(group, store, "duration", np.array([1, -5, 7], "m8[h]"), chunks=(2,))
    record = np.array([(1, 2.5), (-3, np.nan)], [("a", "<i2"), ("b", "<f8")])
    add(group, store, "record", record, chunks=(2,))
    add(group, store, "scalar", np.array(42.5))
    add(group, store, "empty", np.zeros((0, 3), "i4"), chunks=(2, 2))

# Fill values: chunks that were never written.
for version in (2, 3):
    store = f"fills{version}.zarr"
    group = zarr.open_group(work / store, mode="w", zarr_format=version)
    fills = {
        "nan": ("f4", np.nan), "inf": ("f8", np.inf), "minus-inf": ("f2", -np.inf), "seven": ("i2", 7),
        "true": ("bool", True), "large": ("u8", 2**64 - 1), "least": ("i8", -(2**63)), "safe": ("i8", 2**53 - 1),
        "text": ("U4", "miss"), "complex": ("c8", 1 - 2j), "half": ("f2", 0.5),
    }
    for name, (dtype, fill) in fills.items():
        array = group.create_array(name, shape=(4,), chunks=(2,), dtype=dtype, fill_value=fill)
        array[2:] = array[2:]
        note(store, name)

# Layouts of Zarr 2.
store = "layouts2.zarr"
group = zarr.open_group(work / store, mode="w", zarr_format=2)
cube = np.arange(2 * 5 * 7, dtype="i4").reshape(2, 5, 7)
for order in "CF":
    for separator in "./":
        name = f"{order}-{'dot' if separator == '.' else 'slash'}"
        keys = {"name": "v2", "separator": separator}
        add(group, store, name, cube, chunks=(1, 3, 4), order=order, chunk_key_encoding=keys)
smooth = np.cumsum(rng.integers(-3, 4, (20, 30)), axis=1).astype("i4")
for cname in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"):
    for shuffle in (0, 1, 2):
        for dtype in ("u1", "i2", "f4", "f8"):
            compressor = numcodecs.Blosc(cname, 5, shuffle)
            add(group, store, f"blosc-{cname}-{shuffle}-{dtype}", smooth.astype(dtype), chunks=(17, 23), compressors=compressor)
add(group, store, "bz2", smooth, chunks=(17, 23), compressors=numcodecs.BZ2(5))
add(group, store, "lz4", smooth, chunks=(17, 23), compressors=numcodecs.LZ4())
chain = [numcodecs.Delta("i4", "i2"), numcodecs.Shuffle(2)]
add(group, store, "delta-shuffle", smooth, chunks=(17, 23), filters=chain, compressors=numcodecs.Zlib(1))
scaled = (smooth / 8).astype("f8")
add(group, store, "scaled", scaled, chunks=(17, 23), filters=[numcodecs.FixedScaleOffset(3, 8, "f8", "i2")])
add(group, store, "packbits", smooth > 2, chunks=(17, 23), filters=[numcodecs.PackBits()])
add(group, store, "astype", scaled, chunks=(17, 23), filters=[numcodecs.AsType("f4", "f8")])
add(group, store, "crc32", smooth, chunks=(17, 23), filters=[], compressors=numcodecs.CRC32())

# Layouts of Zarr 3.
store = "layouts3.zarr"
group = zarr.open_group(work / store, mode="w", zarr_format=3)
for separator in "./":
    for name in ("default", "v2"):
        keys = {"name": name, "separator": separator}
        add(group, store, f"keys-{name}-{'dot' if separator == '.' else 'slash'}", cube, chunks=(1, 3, 4), chunk_key_encoding=keys)
for shuffle in ("noshuffle", "shuffle", "bitshuffle"):
    codec = BloscCodec(cname="zstd", clevel=5, shuffle=shuffle)
    add(group, store, f"blosc-{shuffle}", smooth, chunks=(17, 23), compressors=codec)
add(group, store, "crc", smooth, chunks=(17, 23), compressors=[ZstdCodec(level=1, checksum=True), Crc32cCodec()])
add(group, store, "gzip", smooth, chunks=(17, 23), compressors=GzipCodec(level=5))
big = {"chunks": (4, 5), "shards": (12, 20)}
add(group, store, "shard-end", smooth, **big)
for place in ("start", "end"):
    inner = ShardingCodec(chunk_shape=(2, 5), codecs=[BytesCodec(), ZstdCodec()], index_location=place)
    outer = ShardingCodec(chunk_shape=(4, 10), codecs=[inner], index_location=place)
    add(group, store, f"shard-nested-{place}", smooth, chunks=(12, 20), serializer=outer, compressors=None)
    index = [BytesCodec(endian="big")]
    codec = ShardingCodec(chunk_shape=(4, 10), codecs=[BytesCodec()], index_codecs=index, index_location=place)
    add(group, store, f"shard-plain-{place}", smooth, chunks=(12, 20), serializer=codec, compressors=None)
turned = ShardingCodec(chunk_shape=(4, 5), codecs=[TransposeCodec(order=(1, 0)), BytesCodec(), ZstdCodec()])
add(group, store, "shard-turned", smooth, chunks=(12, 20), serializer=turned, compressors=None)
sparse = np.zeros((20, 30), "i4")
sparse[3, 4] = 1
add(group, store, "shard-sparse", sparse, **big)
for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)):
    name = "turn-" + "".join(map(str, order))
    add(group, store, name, cube, chunks=(1, 3, 4), filters=TransposeCodec(order=order))

# xarray: CF times, packing, a grid.
days = xarray.date_range("2020-02-27", periods=4, freq="D")
values = np.round(rng.normal(280, 5, (4, 6, 8)), 1)
values[0, 0, :3] = np.nan
x, y = 600005 + 10.0 * np.arange(8), 5199995 - 10.0 * np.arange(6)
data = xarray.Dataset(
    {"temperature": (("time", "y", "x"), values, {"units": "K"})}, {"time": days, "y": y, "x": x}
).rio.write_crs(32632)
for version in (2, 3):
    for name, encoding in {
        "packed": {"dtype": "int16", "scale_factor": 0.1, "add_offset": 273.15, "_FillValue": -9999},
        "floats": {"dtype": "float32", "_FillValue": -1e9},
    }.items():
        store = f"xarray-{name}{version}.zarr"
        data.to_zarr(work / store, zarr_format=version, consolidated=True, encoding={"temperature": encoding})
        note(store, "temperature")
        read = xarray.open_zarr(work / store)["temperature"]
        arrays[store]["temperature"]["physical"] = [plain(float(v)) for v in read.values.reshape(-1)]

with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as target:
    for path in sorted(work.rglob("*")):
        if path.is_file():
            entry = zipfile.ZipInfo(str(path.relative_to(work)), (2020, 1, 1, 0, 0, 0))
            target.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
json.dump({"zarr": zarr.__version__, "stores": arrays}, sys.stdout, separators=(",", ":"))
