import { expose } from 'comlink'
import type { DocumentEntry } from './document-entry.js'
import { DocumentFileError, decodeText, type FileProblem, MAX_DOCUMENTS, MAX_FILE_BYTES, parseDocuments } from './document-files.js'
import { parsePdf } from './pdf-documents.js'

/** What came of the reader's own documents. */
export interface OwnDocuments {
  entries: DocumentEntry[]
  files: { name: string; documents: number; problem?: FileProblem }[]
}

/** What the files hold. One bad file does not spoil the others. */
async function readDocuments(files: readonly File[]): Promise<OwnDocuments> {
  const entries: DocumentEntry[] = []
  const report: OwnDocuments['files'] = []
  for (const file of files) {
    const before = entries.length
    let problem: FileProblem | undefined
    try {
      if (file.size > MAX_FILE_BYTES) throw new DocumentFileError({ code: 'too-large', megabytes: MAX_FILE_BYTES / 1024 / 1024 })
      const bytes = await file.arrayBuffer()
      const isPdf = /\.pdf$/i.test(file.name)
      const { drafts, textless } = isPdf ? await parsePdf(file.name, bytes) : parseDocuments(file.name, decodeText(bytes))
      const room = MAX_DOCUMENTS - entries.length
      if (textless > 0) problem = { code: 'textless', entries: textless }
      else if (drafts.length === 0) problem = { code: 'no-documents' }
      if (drafts.length > room) problem = { code: 'no-room', room, documents: drafts.length }
      for (const draft of drafts.slice(0, room)) entries.push({ ...draft, id: `own-${entries.length + 1}`, kind: file.name })
    } catch (error) {
      problem = error instanceof DocumentFileError ? error.problem : { code: 'unreadable', reason: String(error) }
    }
    report.push({ name: file.name, documents: entries.length - before, ...(problem && { problem }) })
  }
  return { entries, files: report }
}

export type DocumentsWorkerApi = typeof readDocuments

// Not by plain messages: pdf.js sends some of its own from the worker that it is loaded in.
expose(readDocuments)
