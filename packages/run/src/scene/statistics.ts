/**
 * Statistics of 276 mapped landslide scars near São Sebastião, Brazil (EPSG:32723): SPAMLab data_sharing, commit 473f0fc,
 * folder Relict_landslides_CNN_kmeans (MIT). Measured as in `shape.ts`; a test measures them again where the data are at
 * hand. The inventory comes without a terrain model, so directions relative to the slope are not among them.
 */
export const SCAR_STATISTICS = {
  count: 276,
  /** Natural logarithm of the area in m²: median 5286 m². */
  logArea: { mean: 8.6003, sd: 0.965 },
  /** Smallest and largest area, m². */
  areaRange: [393, 123872],
  /** Natural logarithm of length over width of the smallest rectangle: median 1.81. */
  logElongation: { mean: 0.6097, sd: 0.3655 },
  /** ln(length in m) = intercept + slope · ln(area in m²), with the residual's standard deviation. */
  logLength: { intercept: 0.0267, slope: 0.5545, sd: 0.2057 },
  /** Median of area over the area of the convex hull. */
  solidity: 0.918,
} as const
