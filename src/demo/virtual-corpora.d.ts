declare module 'virtual:corpora' {
  interface BuiltFiles {
    /** Address of the corpus: a JSON array of `DocumentEntry`. */
    entriesUrl: string
    /** Address of what its model has read of it; undefined where it reads nothing ahead, or nothing was built. */
    indexUrl: string | undefined
  }
  export const corpora: Record<import('./corpus/corpora.js').BuiltCorpus, BuiltFiles>
}
