"""Checks Cloud-Optimised GeoTIFFs by GDAL's validator, and by `rio cogeo validate` where rio-cogeo is installed.

Usage: check_cog.py FILE... Needs GDAL's Python module (osgeo_utils.samples) or rio-cogeo; ends with 1 where one fails.
`node oracles/raster/write_cogs.ts FOLDER` writes the files of every kind that Ecotope makes.
"""

import sys


def gdal_check():
    try:
        from osgeo import gdal
        from osgeo_utils.samples import validate_cloud_optimized_geotiff as validator
    except ImportError:
        return None
    gdal.UseExceptions()

    def check(path):
        warnings, errors, _ = validator.validate(path, full_check=True)
        return [f"GDAL {gdal.__version__}: {text}" for text in warnings + errors]

    return check


def rio_check():
    try:
        from rio_cogeo import __version__, cog_validate
    except ImportError:
        return None

    def check(path):
        valid, errors, warnings = cog_validate(path, strict=True, quiet=True)
        return [f"rio-cogeo {__version__}: {text}" for text in errors + warnings] + ([] if valid else ["rio-cogeo: not valid"])

    return check


checks = [check for check in (gdal_check(), rio_check()) if check is not None]
if not checks:
    sys.exit("neither GDAL's Python module nor rio-cogeo is installed")
bad = 0
for path in sys.argv[1:]:
    found = [text for check in checks for text in check(path)]
    bad += bool(found)
    print(path, "; ".join(found) or "valid")
print(f"{len(sys.argv) - 1 - bad} valid, {bad} not, by {len(checks)} validator(s)")
sys.exit(1 if bad else 0)
