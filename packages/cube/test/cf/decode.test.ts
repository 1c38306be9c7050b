import { describe, expect, test } from 'vitest'
import { type CfCoordinate, type CfVariable, decodeVariable, gridMappingOf, schemaOf } from '../../src/cf/decode.ts'
import { encodeCf } from '../../src/cf/encode.ts'
import { packingOf } from '../../src/cf/packing.ts'
import { dtypeOf, newArray } from '../../src/dtype.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import { classes, climate, packed } from '../netcdf/sample.ts'

const variable = (dims: string[], shape: number[], more: Partial<CfVariable> = {}): CfVariable => ({
  name: 'v',
  dims,
  shape,
  dtype: 'float32',
  attributes: {},
  ...more,
})
const coordinate = (values: CfCoordinate['values'], attributes: CfCoordinate['attributes'] = {}): CfCoordinate => ({
  values,
  attributes,
})
const schema = (
  dims: string[],
  coordinates: Record<string, CfCoordinate>,
  mapping?: Record<string, unknown>,
): CubeSchema =>
  schemaOf(
    variable(
      dims,
      dims.map((dim) => coordinates[dim]?.values.length ?? 3),
    ),
    new Map(Object.entries(coordinates)),
    mapping,
  )

describe('dimensions', () => {
  test('latitude and longitude by unit, name, axis, in any order and direction', () => {
    for (const [x, y, attributesX, attributesY] of [
      ['lon', 'lat', {}, {}],
      ['a', 'b', { units: 'degrees_east' }, { units: 'degrees_north' }],
      ['p', 'q', { standard_name: 'longitude' }, { standard_name: 'latitude' }],
    ] as const) {
      for (const dims of [
        [x, y],
        [y, x],
      ]) {
        const made = schema(dims, {
          [x]: coordinate([0, 90, 180, 270], attributesX),
          [y]: coordinate([-45, 45], attributesY),
        })
        expect(made.grid).toMatchObject({
          crs: { code: 'EPSG:4326' },
          affine: [90, 0, -45, 0, 90, -90],
          width: 4,
          height: 2,
        })
        expect(made.dims.map((dim) => (dim.type === 'spatial' ? dim.axis : dim.type))).toEqual(
          dims[0] === x ? ['x', 'y'] : ['y', 'x'],
        )
      }
    }
  })

  test('irregular axes give labels and no grid; rounded ones are regular', () => {
    const gaussian = schema(['lat', 'lon'], { lat: coordinate([87.86, 85.1, 82.31]), lon: coordinate([0, 1, 3]) })
    expect(gaussian.grid).toBeUndefined()
    expect(gaussian.dims[1]).toMatchObject({ type: 'spatial', axis: 'x', labels: [0, 1, 3] })
    const rounded = schema(['lat', 'lon'], {
      lat: coordinate([0.33, 0.67, 1]),
      lon: coordinate(Float32Array.of(0.1, 0.2, 0.3)),
    })
    expect(rounded.grid!.affine[4]).toBeCloseTo(0.335, 9)
    expect(schema(['lat', 'lon'], { lat: coordinate([1]), lon: coordinate([1]) }).grid).toBeUndefined()
    expect(schema(['lat', 'lon'], { lat: coordinate([1]), lon: coordinate([1, 2]) }).grid!.affine).toEqual([
      1, 0, 0.5, 0, -1, 1.5,
    ])
  })

  test('a transform with more digits is used, one that contradicts is not', () => {
    const axes = { x: coordinate([0.3333, 1, 1.6667]), y: coordinate([1.5, 0.5]) }
    const mapping = { spatial_ref: 'EPSG:32632', GeoTransform: '0 0.66666666666666663 0 2 0 -1' }
    expect(schema(['y', 'x'], axes, mapping).grid!.affine).toEqual([0.66666666666666663, 0, 0, 0, -1, 2])
    const other = { ...mapping, GeoTransform: '0 0.6666 0 5 0 1' }
    expect(schema(['y', 'x'], axes, other).grid!.affine[5]).toBe(2)
    const bare = schema(['y', 'x'], {}, mapping)
    expect(bare.dims[0]!.labels).toEqual([1.5, 0.5, -0.5])
    expect(bare.grid!.affine[0]).toBeCloseTo(2 / 3, 12)
  })

  test('kilometres become metres; without a system there is no grid', () => {
    const axes = { x: coordinate([1, 2], { units: 'km' }), y: coordinate([4, 3], { units: 'km' }) }
    const made = schema(['y', 'x'], axes, { spatial_ref: 'EPSG:32632' })
    expect(made.dims[1]).toMatchObject({ labels: [1000, 2000], unit: 'metre' })
    expect(made.grid!.affine).toEqual([1000, 0, 500, 0, -1000, 4500])
    expect(schema(['y', 'x'], axes).grid).toBeUndefined()
    expect(schema(['y', 'x'], axes, { grid_mapping_name: 'of_no_standard' }).grid).toBeUndefined()
  })

  test('scan angles of a geostationary view become metres', () => {
    const mapping = {
      grid_mapping_name: 'geostationary',
      perspective_point_height: 35786023,
      longitude_of_projection_origin: -75,
      sweep_angle_axis: 'x',
      semi_major_axis: 6378137,
      semi_minor_axis: 6356752.31414,
    }
    const rad = { x: coordinate([0, 56e-6], { units: 'rad' }), y: coordinate([56e-6, 0], { units: 'rad' }) }
    const { grid } = schema(['y', 'x'], rad, mapping)
    expect(grid!.affine[0]).toBeCloseTo(2004.017288, 6)
    expect(grid!.crs.proj4).toContain('+proj=geos +h=35786023 +lon_0=-75 +sweep=x')
    const micro = { x: coordinate([0, 56], { units: 'microradian' }), y: coordinate([56, 0], { units: 'microradian' }) }
    expect(schema(['y', 'x'], micro, mapping).grid!.affine[0]).toBeCloseTo(2004.017288, 6)
    const metres = { x: coordinate([0, 2000], { units: 'm' }), y: coordinate([2000, 0], { units: 'm' }) }
    expect(schema(['y', 'x'], metres, mapping).grid!.affine[0]).toBe(2000)
  })

  test('axes about a moved pole make a grid in degrees', () => {
    const mapping = {
      grid_mapping_name: 'rotated_latitude_longitude',
      grid_north_pole_latitude: 39.25,
      grid_north_pole_longitude: -162,
    }
    const axes = {
      rlon: coordinate([-1, 0], { units: 'degrees', standard_name: 'grid_longitude' }),
      rlat: coordinate([1, 0], { units: 'degrees', standard_name: 'grid_latitude' }),
    }
    const { grid } = schema(['rlat', 'rlon'], axes, mapping)
    expect(grid!.affine).toEqual([1, 0, -1.5, 0, -1, 1.5])
    expect(grid!.crs).toMatchObject({ unit: 'degree', isGeographic: false })
  })

  test('times, heights, bands, texts, bare dimensions', () => {
    const made = schema(['time', 'lev', 'band', 'member', 'n'], {
      time: coordinate(BigInt64Array.of(0n, 31n), { units: 'days since 2001-01-01', calendar: 'noleap' }),
      lev: coordinate([1000, 850], { standard_name: 'air_pressure', units: 'hPa', positive: 'down' }),
      band: coordinate([1, 2]),
      member: coordinate(['r1', 'r2']),
    })
    expect(made.dims[0]).toEqual({
      type: 'temporal',
      name: 'time',
      labels: ['2001-01-01T00:00:00Z', '2001-02-01T00:00:00Z'],
      calendar: 'noleap',
    })
    const notes = { standard_name: 'air_pressure', positive: 'down' }
    expect(made.dims[1]).toEqual({ type: 'spatial', name: 'lev', axis: 'z', labels: [1000, 850], unit: 'hPa', notes })
    expect(made.dims[2]).toMatchObject({ type: 'bands', labels: ['band_1', 'band_2'] })
    expect(made.dims[3]).toEqual({ type: 'other', name: 'member', labels: ['r1', 'r2'] })
    expect(made.dims[4]).toEqual({ type: 'other', name: 'n', labels: [0, 1, 2] })
  })

  test('times that no calendar can tell stay numbers with their unit', () => {
    const months = { units: 'months since 2001-01-01' }
    expect(schema(['time'], { time: coordinate([0, 1], months) }).dims[0]).toEqual({
      type: 'other',
      name: 'time',
      labels: [0, 1],
      unit: months.units,
    })
    expect(
      schema(['time'], { time: coordinate([0, 1], { units: 'days since 2001-01-01', calendar: 'lunar' }) }).dims[0]!
        .type,
    ).toBe('other')
    expect(
      schema(['time'], { time: coordinate([0, Number.NaN], { units: 'days since 2001-01-01' }) }).dims[0]!.type,
    ).toBe('other')
    expect(schema(['time'], { time: coordinate(['2020-01', '2020-02']) }).dims[0]!.type).toBe('temporal')
  })
})

test('longitudes that jump at the antimeridian or at Greenwich lie on one turn around the Earth', () => {
  const of = (lon: number[]) => schema(['lat', 'lon'], { lat: coordinate([1, 0], {}), lon: coordinate(lon, {}) })
  const fiji = of([178, 179, 180, -179, -178])
  expect(fiji.grid).toMatchObject({ affine: [1, 0, 177.5, 0, -1, 1.5], width: 5 })
  expect(fiji.dims[1]!.labels).toEqual([178, 179, 180, 181, 182])
  expect(of([358, 359, 0, 1]).grid?.affine).toEqual([1, 0, 357.5, 0, -1, 1.5])
  expect(of([178, 179, -170, -169]).grid).toBeUndefined()
  expect(of([178, 179, -170, -169]).dims[1]!.labels).toEqual([178, 179, -170, -169])
})

describe('packing', () => {
  const clean = (
    stored: Parameters<typeof packingOf>[0],
    attributes: Record<string, unknown>,
    cells: number[],
  ): number[] => {
    const { packing, clean } = packingOf(stored, attributes)
    const array = newArray(packing.dtype, cells.length)
    array.set(cells)
    clean?.(array)
    expect(dtypeOf(array)).toBe(packing.dtype)
    return [...array]
  }

  test('unsigned numbers in signed types', () => {
    expect(packingOf('int8', { _Unsigned: 'true', _FillValue: -1, valid_range: [0, -2] }).packing).toEqual({
      dtype: 'uint8',
      nodata: 255,
      scale: 1,
      offset: 0,
    })
    expect(packingOf('int16', { _Unsigned: 'true', _FillValue: -1 }).packing.nodata).toBe(65535)
    expect(packingOf('uint8', { _Unsigned: 'false', missing_value: 255 }).packing).toMatchObject({
      dtype: 'int8',
      nodata: -1,
    })
    expect(packingOf('int64', { _FillValue: -9999n }).packing).toEqual({
      dtype: 'float64',
      nodata: -9999,
      scale: 1,
      offset: 0,
    })
  })

  test('several missing values and ranges become one', () => {
    expect(clean('int16', { _FillValue: -1, missing_value: [-2, -3], valid_max: 100 }, [1, -1, -2, -3, 101])).toEqual([
      1, -1, -1, -1, -1,
    ])
    expect(clean('uint8', { valid_range: [0, 100] }, [100, 101, 200])).toEqual([100, 255, 255])
    expect(clean('float32', { missing_value: 1e20, valid_min: 0 }, [5, -1])).toEqual([5, Math.fround(1e20)])
    const infinite = { _FillValue: 1e20, missing_value: -999 }
    expect(clean('float32', infinite, [Infinity, -Infinity, -999])).toEqual([Infinity, -Infinity, Math.fround(1e20)])
    expect(packingOf('float32', { _FillValue: 0.1 }).packing.nodata).toBe(Math.fround(0.1))
    expect(packingOf('float32', { _FillValue: Number.NaN }).packing.nodata).toBeUndefined()
    expect(clean('int16', { valid_range: [0.5, 1.5], scale_factor: 0.01 }, [49, 50, 150, 151]).slice(1, 3)).toEqual([
      50, 150,
    ])
    expect(packingOf('int16', { valid_range: [9, 3] }).clean).toBeUndefined()
    expect(packingOf('uint16', { scale_factor: '0.1', add_offset: Float64Array.of(220) }).packing).toMatchObject({
      scale: 0.1,
      offset: 220,
    })
  })

  test('classes and truth values', () => {
    const flags = { flag_values: Uint8Array.of(0, 4), flag_meanings: 'clear cloudy', long_name: 'cloud mask' }
    const { schema: made } = decodeVariable(
      variable(['x'], [2], { name: 'scl', dtype: 'uint8', attributes: flags }),
      new Map(),
    )
    expect(made.band).toEqual({
      name: 'scl',
      description: 'cloud mask',
      classes: [
        { value: 0, name: 'clear' },
        { value: 4, name: 'cloudy' },
      ],
    })
    expect(packingOf('uint8', { flag_values: [0, 1], flag_meanings: 'false true' }).packing.isBoolean).toBe(true)
    const masks = { flag_masks: [1, 2], flag_meanings: 'a b' }
    expect(decodeVariable(variable(['x'], [2], { attributes: masks }), new Map()).schema.band).toEqual({ name: 'v' })
  })
})

describe('grid mappings of a file', () => {
  const crs = { grid_mapping_name: 'latitude_longitude' }
  const all = new Map<string, Record<string, unknown>>([
    ['crs', crs],
    ['v', {}],
    ['other', { spatial_ref: 'EPSG:3035' }],
  ])
  test('by name, long form, coordinates, convention, file', () => {
    expect(gridMappingOf({ grid_mapping: 'crs' }, all)).toBe(crs)
    expect(gridMappingOf({ grid_mapping: 'other: x y' }, all)).toBe(all.get('other'))
    expect(gridMappingOf({ coordinates: 'time other' }, all)).toBe(all.get('other'))
    expect(gridMappingOf({}, all)).toBe(crs)
    const global = { crs_wkt: 'x' }
    expect(gridMappingOf({}, new Map(), global)).toBe(global)
    expect(gridMappingOf({}, new Map([['v', {}]]))).toBeUndefined()
  })
})

describe('there and back', () => {
  const back = (made: CubeSchema, index = 0): CubeSchema => {
    const { data, coordinates } = encodeCf(made, { layout: 'variables' })
    const one = data[index]!
    const own = new Map(
      coordinates.flatMap(({ name, dims, values, attributes }) =>
        dims.length === 1 ? [[name, { values: values!, attributes }] as const] : [],
      ),
    )
    const mapping = coordinates.find(({ name }) => name === 'spatial_ref')?.attributes
    return schemaOf({ ...one, dtype: one.dtype as 'uint8' }, own, mapping)
  }
  test.each([
    ['climate', climate()],
    ['classes', classes()],
  ])('%s', (_, { schema: made }) => {
    const again = back(made)
    expect(again.dims).toEqual(made.dims)
    expect(again.packing).toEqual(made.packing)
    expect(again.grid!.affine).toEqual(made.grid!.affine)
    expect(again.band).toMatchObject(made.band!)
  })

  test('bands become variables, or stay a dimension', () => {
    const { schema: made } = packed()
    expect(back(made, 1).band).toMatchObject({ name: 'B08', role: 'nir' })
    const { data, dims, coordinates } = encodeCf(made, { layout: 'array', name: 'reflectance' })
    expect(data.map(({ name, dims: own }) => [name, own])).toEqual([['reflectance', ['t', 'bands', 'y', 'x']]])
    expect(dims[1]).toEqual({ name: 'bands', length: 2 })
    expect(coordinates.find(({ name }) => name === 'bands')).toMatchObject({ dtype: 'string', values: ['B04', 'B08'] })
  })

  test('names that clash are told apart or refused', () => {
    const { schema: made } = climate()
    const clash = encodeCf({ ...made, band: { name: 'x' } }, { layout: 'variables' })
    expect(clash.data[0]!.name).toBe('x_2')
    expect(() => encodeCf({ ...made, dims: [made.dims[0]!, made.dims[0]!] }, { layout: 'array' })).toThrow(
      /two dimensions/,
    )
  })
})
