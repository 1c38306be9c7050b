"""Rasterisation goldens by GDAL (through rasterio): random polygons and cases made to sit on pixel centres and corners.

Writes rasterise.json beside itself: polygons, grid and the pixels as run lengths. Run: python3 make_rasterise.py
"""
import json
import math
import os
import random

import numpy as np
import rasterio
from rasterio import features
from rasterio.transform import Affine

HERE = os.path.dirname(os.path.abspath(__file__))
random.seed(7)


def star(cx, cy, radius, vertices, wild=0.6, digits=3, reverse=False):
    ring = []
    for k in range(vertices):
        angle = 2 * math.pi * k / vertices
        r = radius * (1 - wild * random.random())
        ring.append([round(cx + r * math.cos(angle), digits), round(cy + r * math.sin(angle), digits)])
    ring.append(ring[0])
    return ring[::-1] if reverse else ring


def runs(values):
    flat = values.ravel()
    cuts = np.flatnonzero(np.diff(flat)) + 1
    starts = np.concatenate([[0], cuts])
    ends = np.concatenate([cuts, [flat.size]])
    return [[int(flat[s]), int(e - s)] for s, e in zip(starts, ends)]


def box(x0, y0, x1, y1, reverse=False):
    ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
    return ring[::-1] if reverse else ring


def lattice(n, step, size, reverse):
    """A polygon whose vertices lie on multiples of `step`: edges on centres, corners and borders."""
    ring = [[random.randrange(0, int(size / step)) * step, random.randrange(0, int(size / step)) * step] for _ in range(n)]
    cx = sum(p[0] for p in ring) / n
    cy = sum(p[1] for p in ring) / n
    ring.sort(key=lambda p: math.atan2(p[1] - cy, p[0] - cx))
    ring.append(ring[0])
    return ring[::-1] if reverse else ring


def case(name, affine, width, height, geometries):
    entry = {"name": name, "affine": list(affine)[:6], "width": width, "height": height,
             "features": geometries, "centre": None, "touched": None}
    shapes = [(g, i + 1) for i, g in enumerate(geometries)]
    for key, touched in (("centre", False), ("touched", True)):
        out = features.rasterize(shapes, out_shape=(height, width), transform=affine, fill=0,
                                 all_touched=touched, dtype="int32")
        entry[key] = runs(out)
    return entry


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


cases = []
unit = Affine(1, 0, 0, 0, -1, 40)
for k in range(12):
    cases.append(case(f"stars {k}", Affine(5, 0, 400000, 0, -5, 7380000), 48, 40, [
        polygon(star(400000 + random.uniform(-20, 260), 7380000 - random.uniform(-20, 220), random.uniform(10, 90),
                     random.randrange(3, 24), reverse=random.random() < 0.5)) for _ in range(4)]))
for k in range(8):
    cx, cy = random.uniform(10, 30), random.uniform(10, 30)
    cases.append(case(f"holes {k}", unit, 40, 40, [
        polygon(star(cx, cy, 16, 17, 0.2, reverse=k % 2 == 0), star(cx, cy, 8, 9, 0.5, reverse=k % 3 == 0)),
        {"type": "MultiPolygon", "coordinates": [[star(6, 6, 6, 7)], [star(32, 31, 9, 5), star(32, 31, 3, 5)]]}]))
for k in range(16):
    cases.append(case(f"half lattice {k}", unit, 40, 40, [
        polygon(lattice(random.randrange(3, 9), 0.5, 40, k % 2 == 0)) for _ in range(3)]))
for k in range(8):
    cases.append(case(f"whole lattice {k}", unit, 40, 40, [
        polygon(lattice(random.randrange(3, 9), 1, 40, k % 2 == 0)) for _ in range(3)]))
for reverse in (False, True):
    cases.append(case(f"boxes on centres, reversed {reverse}", unit, 20, 40, [
        polygon(box(2.5, 2.5, 9.5, 9.5, reverse)), polygon(box(12, 12, 18, 18, reverse)),
        polygon(box(2.5, 20.5, 17.5, 35.5, reverse), box(5.5, 23.5, 14.5, 32.5, not reverse)),
        polygon(box(7.5, 25.5, 12.5, 30.5, reverse), box(9, 27, 11, 29, reverse))]))
for k in range(6):
    cases.append(case(f"degrees {k}", Affine(1 / 3600, 0, 11 + k / 7, 0, -1 / 3600, 46.3), 32, 32, [
        polygon(star(11 + k / 7 + random.uniform(0, 32) / 3600, 46.3 - random.uniform(0, 32) / 3600, 12 / 3600, 11,
                     digits=7)) for _ in range(3)]))
for k in range(4):
    cases.append(case(f"rotated {k}", Affine.translation(500, 700) * Affine.rotation(20 + 31 * k) * Affine.scale(2, -2),
                      32, 32, [polygon(star(500 + random.uniform(-60, 60), 700 + random.uniform(-60, 60), 40, 9))
                               for _ in range(6)]))
cases.append(case("south up", Affine(1, 0, 0, 0, 1, 0), 32, 32,
                  [polygon(star(16, 12, 14, 9)), polygon(lattice(6, 0.5, 32, False)), polygon(lattice(6, 0.5, 32, True))]))
cases.append(case("thin and small", unit, 40, 40, [
    polygon([[1.2, 1.1], [30.3, 20.7], [30.4, 20.6], [1.2, 1.1]]), polygon(box(33.1, 3.1, 33.3, 3.3)),
    polygon(box(20.6, 38.2, 39.9, 38.4)), polygon(box(5.1, 25.2, 5.3, 39))]))
for k in range(16):
    shift = [1e-5, 2e-4, 5e-4, 1e-3, 5e-3, 2e-2, 5e-2, 0][k % 8]
    cases.append(case(f"near borders by {shift}, {k // 8}", unit, 40, 40, [
        polygon([[p[0] + shift, p[1] - shift * (k % 3 - 1)] for p in lattice(5, 0.5 + k // 8 * 0.5, 40, k % 2 == 0)])
        for _ in range(3)]))
out = {"gdal": rasterio.__gdal_version__, "cases": cases}
json.dump(out, open(os.path.join(HERE, "rasterise.json"), "w"), separators=(",", ":"))
print(len(cases), os.path.getsize(os.path.join(HERE, "rasterise.json")))
