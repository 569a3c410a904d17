import type { TextItem } from 'pdfjs-dist/types/src/display/api.js'
import { DocumentFileError, type ParsedFile } from './document-files.js'

/**
 * A PDF's pages, a document each. pdf.js is fetched with the first one, and works in the worker that calls this.
 *
 * @throws DocumentFileError where it is no PDF, or locked
 */
export async function parsePdf(fileName: string, bytes: ArrayBuffer): Promise<ParsedFile> {
  const [{ getDocument }, worker, { PdfFonts }] = await Promise.all([
    import('pdfjs-dist'),
    import('pdfjs-dist/build/pdf.worker.min.mjs'),
    import('./pdf-fonts.js'),
  ])
  // It would start a worker of its own; this is one already.
  Object.assign(globalThis, { pdfjsWorker: worker })
  const task = getDocument({
    data: new Uint8Array(bytes),
    isEvalSupported: false,
    useSystemFonts: false,
    useWorkerFetch: false,
    BinaryDataFactory: PdfFonts,
    verbosity: 0,
  })
  try {
    const pdf = await task.promise
    const texts: string[] = []
    for (let number = 1; number <= pdf.numPages; number++) {
      const page = await pdf.getPage(number)
      const { items } = await page.getTextContent()
      texts.push(textOf(items.filter((item) => 'str' in item)))
      page.cleanup()
    }
    const drafts = texts.flatMap((text, i) => (text ? [{ title: `${fileName}, ${i + 1}`, text }] : []))
    return { drafts, textless: texts.length - drafts.length }
  } catch (cause) {
    throw new DocumentFileError({ code: 'unreadable', reason: cause instanceof Error ? cause.message : String(cause) })
  } finally {
    await task.destroy()
  }
}

/** Lines that a page breaks in the middle of a sentence are one line again; words that it hyphenates are one word. */
function textOf(items: readonly TextItem[]): string {
  return items
    .map(({ str, hasEOL }) => (hasEOL ? `${str}\n` : str))
    .join('')
    .replace(/(\p{Ll})-\n(?=\p{Ll})/gu, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}
