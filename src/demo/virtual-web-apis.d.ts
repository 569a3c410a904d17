declare module 'virtual:web-apis' {
  /** Address of the corpus: a JSON array of `DocumentEntry`. */
  export const entriesUrl: string
  /** Address of what the bundled model has read of it; undefined where it reads nothing ahead, or nothing was built. */
  export const indexUrl: string | undefined
}
