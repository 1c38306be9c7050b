/** The part of seek-bzip that is used; the package has no types. */
declare module 'seek-bzip' {
  const seekBzip: { decode(data: Uint8Array, output?: undefined, multistream?: boolean): Uint8Array }
  export = seekBzip
}
