/** Compiled from kernels/sum-up.ts when the library is built; base64. */
declare module 'virtual:kernels/sum-up' {
  const base64: string
  export default base64
}
