import { modelFolder, packageUrls } from '../assets/assets.js'
import { InvalidInputError } from '../errors.js'
import { packagedExport } from '../model/packages.js'
import type { ModelFiles } from '../types.js'

/**
 * The files of a model that is a package of its own, by the package's name. Without a bundler the package lies beside this one; a
 * bundler does not see it here, or every site would carry its files.
 *
 * @param folder where the package's folder is served, if that was said: the model is in it
 * @returns what `model` is, where it is no such name
 * @throws InvalidInputError (`invalid-option`) that says what to install and import, where the package is not there
 */
export async function byPackageName<Model>(model: Model, folder: URL | undefined): Promise<Model | ModelFiles | URL> {
  const exported = packagedExport(model)
  if (!exported) return model
  const name = String(model)
  if (folder) return modelFolder(folder, name)
  let failure: unknown
  for (const address of packageUrls(name)) {
    try {
      return (await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ address))[exported]
    } catch (cause) {
      failure = cause
    }
  }
  throw new InvalidInputError(
    'invalid-option',
    `${name} is a package of its own, which a bundler has to see: npm install ${name}, import { ${exported} } from '${name}', and pass that as model.`,
    { option: 'model', cause: failure },
  )
}
