"""What c-blosc reads from our containers: node oracles/zarr/blosc.ts FOLDER; blosc.py FOLDER > blosc.json.

Needs numcodecs. The SHA-256 (first 16 digits) of what each container decodes to.
"""

import hashlib
import json
import pathlib
import sys

import numcodecs

codec = numcodecs.Blosc()
decoded = {
    path.stem: hashlib.sha256(codec.decode(path.read_bytes())).hexdigest()[:16]
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.blosc"))
}
print(json.dumps({"numcodecs": numcodecs.__version__, "checked": len(decoded), "decoded": decoded}, indent=0))
