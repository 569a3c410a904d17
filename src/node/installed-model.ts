import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InvalidInputError } from '../errors.js'
import { packagedExport } from '../model/packages.js'
import type { ModelFiles } from '../types.js'

/**
 * The files of a model that is a package of its own, by the package's name.
 *
 * @throws InvalidInputError (`invalid-option`) that says what to install
 */
export async function installedModel(name: string): Promise<ModelFiles> {
  const entry = pathToFileURL(resolvePackage(name, name)).href
  return (await import(/* @vite-ignore */ entry))[packagedExport(name) as string]
}

/**
 * Its folder.
 *
 * @throws InvalidInputError (`invalid-option`) that says what to install
 */
export function installedModelFolder(name: string): string {
  return dirname(resolvePackage(name, `${name}/package.json`))
}

/** Beside this package, or else where the command was called: that is another place for one that is installed globally. */
function resolvePackage(name: string, path: string): string {
  let failure: unknown
  for (const from of [import.meta.url, pathToFileURL(`${process.cwd()}/`).href]) {
    try {
      return createRequire(from).resolve(path)
    } catch (cause) {
      failure = cause
    }
  }
  throw new InvalidInputError('invalid-option', `${name} is a package of its own and is not installed: npm install ${name}`, {
    option: 'model',
    cause: failure,
  })
}
