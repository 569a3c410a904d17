declare module 'virtual:web-apis' {
  /** Address of the corpus: a JSON array of `DocumentEntry`. */
  const url: string
  export default url
}
