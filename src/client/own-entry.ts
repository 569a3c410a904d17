import { entryUrl, modelFolder } from '../assets.js'
import { InvalidInputError } from '../errors.js'
import type { ModelFiles } from '../types.js'

/** Models that have an entry of their own in the package, and what it is called there. */
const OWN_ENTRIES: Record<string, { entry: string; name: string }> = { 'page-rerank-small-zh': { entry: 'zh', name: 'smallZh' } }

/**
 * A model with an entry of its own, by its name. Without a bundler the entry lies beside this module; a bundler does not see it
 * here, or every site would carry its files.
 *
 * @param folder where the package's folder is served, if that was said: the model is in it
 * @returns what `model` is, where it is no such name
 * @throws InvalidInputError (`invalid-option`) that says what to import, where the entry is not there
 */
export async function byOwnEntry<Model>(model: Model, folder: URL | undefined): Promise<Model | ModelFiles | URL> {
  const own = typeof model === 'string' && Object.hasOwn(OWN_ENTRIES, model) ? OWN_ENTRIES[model] : undefined
  if (!own) return model
  if (folder) return modelFolder(folder, model as string)
  const address = entryUrl(own.entry)
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ address))[own.name]
  } catch (cause) {
    throw new InvalidInputError(
      'invalid-option',
      `${model} has an entry of its own, which a bundler has to see: import { ${own.name} } from 'page-rerank/${own.entry}' and pass it as model.`,
      { option: 'model', cause },
    )
  }
}
