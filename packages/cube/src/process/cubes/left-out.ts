/** Processes of the openEO list that are not computations on data, and so are left out, each with the reason. */

const CORRECTION =
  'names a correction without defining it: which model, which ancillary data and which sensor is up to a service; run such a model as a UDF or before loading'
const SERVICE = "runs other people's containers on a service; there is none here"
const WORKSPACE = 'files results in a workspace of a service account; save_result writes to a path'

export const leftOut: Readonly<Record<string, string>> = {
  ard_normalized_radar_backscatter: CORRECTION,
  ard_surface_reflectance: CORRECTION,
  atmospheric_correction: CORRECTION,
  cloud_detection: CORRECTION,
  sar_backscatter: CORRECTION,
  run_ogcapi: SERVICE,
  run_ogcapi_externally: SERVICE,
  run_udf_externally: SERVICE,
  export_collection: WORKSPACE,
  export_workspace: WORKSPACE,
}
