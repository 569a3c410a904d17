/** Addresses of the files that pdf.js reads where a PDF names a font or its encoding and does not bring it, by their names. */
const addresses = import.meta.glob<string>(['/node_modules/pdfjs-dist/cmaps/*', '/node_modules/pdfjs-dist/standard_fonts/*'], {
  query: '?url&no-inline',
  import: 'default',
  eager: true,
})
const byName = new Map(Object.entries(addresses).map(([path, address]) => [path.slice(path.lastIndexOf('/') + 1), address]))

/** What pdf.js asks for such a file. */
export class PdfFonts {
  /** @throws Error where it cannot be had */
  async fetch({ filename }: { filename: string }): Promise<Uint8Array> {
    const address = byName.get(filename)
    if (!address) throw new Error(`There is no ${filename}.`)
    const response = await fetch(address)
    if (!response.ok) throw new Error(`${filename}: the server answered ${response.status}.`)
    return new Uint8Array(await response.arrayBuffer())
  }
}
