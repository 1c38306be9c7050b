/** The parts of `jsts` that are used; the package has no types of its own. Its geometries stay opaque here. */
// biome-ignore-all lint/style/noDefaultExport: the package exports that way
declare module 'jsts/org/locationtech/jts/io/GeoJSONReader.js' {
  const GeoJSONReader: new () => { read(geometry: unknown): unknown }

  export { GeoJSONReader as default }
}
declare module 'jsts/org/locationtech/jts/io/GeoJSONWriter.js' {
  const GeoJSONWriter: new () => { write(geometry: unknown): { readonly type: string; readonly coordinates: unknown } }

  export { GeoJSONWriter as default }
}
declare module 'jsts/org/locationtech/jts/operation/buffer/BufferOp.js' {
  const BufferOp: { bufferOp(geometry: unknown, distance: number, quadrantSegments: number): unknown }

  export { BufferOp as default }
}
declare module 'jsts/org/locationtech/jts/operation/union/UnaryUnionOp.js' {
  const UnaryUnionOp: { union(geometries: unknown): unknown }

  export { UnaryUnionOp as default }
}
declare module 'jsts/org/locationtech/jts/operation/relate/RelateOp.js' {
  const RelateOp: { relate(a: unknown, b: unknown): { toString(): string } }

  export { RelateOp as default }
}
