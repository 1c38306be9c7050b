/** Processes that graphs know by another name: those that openEO renamed or replaced, and those of older back ends. */

/** The process of today by the former name; hints only, since arguments changed with the names. */
export const FORMER_NAMES: Readonly<Record<string, string>> = {
  aggregate_polygon: 'aggregate_spatial',
  aggregate_spatial_binary: 'aggregate_spatial',
  apply_pixel: 'apply',
  chunk_polygon: 'apply_polygon',
  create_raster_cube: 'create_data_cube',
  debug: 'inspect',
  filter: 'filter_labels',
  filter_daterange: 'filter_temporal',
  filter_polygon: 'filter_spatial',
  get_collection: 'load_collection',
  load_disk_data: 'load_stac',
  load_result: 'load_stac',
  output: 'inspect',
  reduce: 'reduce_dimension',
  reduce_dimension_binary: 'reduce_dimension',
  run_udf_externally: 'run_udf',
  trim: 'trim_cube',
}
