/** Models that are packages of their own, and what each exports. */
export const MODEL_PACKAGES: Record<string, string> = {
  'page-rerank-tiny-en': 'tinyEn',
  'page-rerank-small-zh': 'smallZh',
}

/** What a package's name exports, if it is one of them. */
export function packagedExport(model: unknown): string | undefined {
  return typeof model === 'string' && Object.hasOwn(MODEL_PACKAGES, model) ? MODEL_PACKAGES[model] : undefined
}

/** page-rerank's own models by the language that they read. */
export const MODEL_OF_LANGUAGE: Record<string, string> = { en: 'page-rerank-small-en', zh: 'page-rerank-small-zh' }
