declare module 'virtual:models' {
  /** Models that have a name in the library. */
  export const models: readonly import('./download-size.js').KnownModel[]
  /** What runs them on WASM, uncompressed. */
  export const runtimeBytes: number
}
