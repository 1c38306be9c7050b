"""Random polygons that a generator of 32-bit integers makes the same in Python and in TypeScript (test/zonal/shapes.ts)."""

WIDTH, HEIGHT, SIZE = 64, 48, 10.0
WEST, NORTH = 500000.0, 5000000.0


def generator(seed):
    """mulberry32: numbers in [0, 1)."""
    state = seed & 0xFFFFFFFF

    def imul(a, b):
        return (a * b) & 0xFFFFFFFF

    def draw():
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        t = imul(state ^ (state >> 15), state | 1)
        t ^= (t + imul(t ^ (t >> 7), t | 61)) & 0xFFFFFFFF
        return (t ^ (t >> 14)) / 4294967296.0

    return draw


def direction(part):
    """A point of the unit circle (rational, so that no sine is needed) for a part in [0, 1) of a turn."""
    quarter = int(part * 4)
    t = part * 4 - quarter
    x, y = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    for _ in range(quarter):
        x, y = -y, x
    return x, y


def ring(points, grain):
    """Closed; coordinates on multiples of 1 / grain pixels, then in the CRS."""
    out = []
    for x, y in points:
        px, py = int(x * grain + 1e6) - 1e6, int(y * grain + 1e6) - 1e6
        out.append([WEST + SIZE * (px / grain), NORTH - SIZE * (py / grain)])
    return out + [out[0]]


def star(draw, cx, cy, radius, ragged):
    n = 5 + int(draw() * 8)
    points = []
    for k in range(n):
        x, y = direction((k + 0.8 * draw()) / n)
        r = radius * (1 - ragged * draw())
        points.append((cx + r * x, cy + r * y))
    return points


def shape(index):
    """Polygon `index` as coordinates of a GeoJSON MultiPolygon."""
    draw = generator(index * 7919 + 1)
    kind = index % 6
    grain = 2 if index % 10 == 9 else 1024
    cx, cy = -4 + 72 * draw(), -4 + 56 * draw()
    radius = 1 + 14 * draw() * draw()
    if kind == 0:
        return [[ring(star(draw, cx, cy, radius, 0.7), grain)]]
    if kind == 1:
        outer = star(draw, cx, cy, radius, 0.5)
        inner = [(cx + 0.4 * (x - cx), cy + 0.4 * (y - cy)) for x, y in outer]
        return [[ring(outer, 1024), ring(inner, 1024)]]
    if kind == 2:
        one = star(draw, cx, cy, radius, 0.6)
        two = star(draw, cx + 2.2 * radius + 1, cy, radius, 0.6)
        return [[ring(one, grain)], [ring(two, grain)]]
    if kind == 3:
        return [[ring(star(draw, cx, cy, 0.02 + 0.7 * draw(), 0.3), 1048576)]]
    if kind == 4:
        # The hole touches the shell in a vertex.
        outer = star(draw, cx, cy, radius, 0.0)
        near = [(cx + 0.2 * (x - cx), cy + 0.2 * (y - cy)) for x, y in (outer[1], outer[2])]
        return [[ring(outer, 1024), ring([outer[0]] + near, 1024)]]
    # Pieces of a chessboard that touch in corners, on pixel borders.
    x, y, a = int(cx), int(cy), 1 + int(radius / 2)
    box = lambda u, v: [(u, v), (u + a, v), (u + a, v + a), (u, v + a)]
    return [[ring(box(x, y), 1024)], [ring(box(x + a, y + a), 1024)]]
