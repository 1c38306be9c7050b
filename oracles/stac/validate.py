"""Checks STAC items by STAC's own JSON schemas (jsonschema) and by reading them with pystac. Exits with 1 on a problem.

Needs jsonschema and pystac. Run: python3 validate.py FOLDER_OF_STAC_EXAMPLES ITEM.json ...
The folder is that of the STAC specification with item-spec/json-schema/ in it; its beta version is taken for 1.1.0.
"""
import json
import sys
from pathlib import Path

import jsonschema
import pystac

root = Path(sys.argv[1]).resolve()
GEOJSON = {
    "https://geojson.org/schema/Feature.json": {
        "type": "object", "required": ["type", "properties", "geometry"], "properties": {"type": {"const": "Feature"}},
    },
    "https://geojson.org/schema/Geometry.json": {"type": "object", "required": ["type", "coordinates"]},
}
store = dict(GEOJSON)
for path in (root / "item-spec/json-schema").glob("*.json"):
    schema = json.loads(path.read_text().replace("1.1.0-beta.1", "1.1.0"))
    schema.pop("$id", None)
    store[path.as_uri()] = schema
base = (root / "item-spec/json-schema/item.json").as_uri()
resolver = jsonschema.RefResolver(base, store[base], store=store)
validator = jsonschema.Draft7Validator(store[base], resolver=resolver, format_checker=jsonschema.FormatChecker())

failed = False
for name in sys.argv[2:]:
    document = json.loads(Path(name).read_text())
    problems = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in validator.iter_errors(document)]
    item = pystac.Item.from_dict(document, href=str(Path(name).resolve()))
    for key, asset in item.assets.items():
        target = Path(asset.get_absolute_href())
        if not target.exists():
            problems.append(f"assets/{key}: there is no {target}")
    print(name, "valid" if not problems else problems)
    failed = failed or bool(problems)
sys.exit(1 if failed else 0)
