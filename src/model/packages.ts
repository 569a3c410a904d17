/** Models that are packages of their own, and what each exports. */
export const MODEL_PACKAGES: Record<string, string> = {
  'page-rerank-tiny-en': 'tinyEn',
  'page-rerank-small-zh': 'smallZh',
}

/** What a package's name exports, if it is one of them. */
export function packagedExport(model: unknown): string | undefined {
  return typeof model === 'string' && Object.hasOwn(MODEL_PACKAGES, model) ? MODEL_PACKAGES[model] : undefined
}
