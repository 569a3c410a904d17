import { describe } from '../core/options.js'
import { InvalidInputError } from '../errors.js'
import type { ModelFiles, ModelOptions } from '../types.js'

/** What a page's pickers give: the list of an `<input type="file">`, or a folder. */
export type PickedFiles = Iterable<File> | FileSystemDirectoryHandle

/** A list of files or a folder's handle as files by their paths below the one that holds config.json; all else as it is. */
export async function readPickedFiles(model?: ModelOptions['model'] | PickedFiles): Promise<ModelOptions['model']> {
  if (typeof model !== 'object' || model === null || model instanceof URL) return model
  if (isFolder(model)) {
    const files: [string, File][] = []
    for await (const file of filesIn(model)) files.push(file)
    return belowConfig(files)
  }
  if (Symbol.iterator in model) return belowConfig([...model].map((file, index) => [pathOf(file, index), file]))
  return model
}

/** @throws InvalidInputError where the list has something else in it than a file */
function pathOf(file: File, index: number): string {
  const path: unknown = file?.webkitRelativePath || file?.name
  if (typeof path === 'string') return path
  throw new InvalidInputError('invalid-option', `model is a list whose entry ${index} is ${describe(file)}; it must be a list of files.`, {
    option: 'model',
    index,
  })
}

function isFolder(model: object): model is FileSystemDirectoryHandle {
  return 'kind' in model && model.kind === 'directory'
}

async function* filesIn(folder: FileSystemDirectoryHandle, path = ''): AsyncGenerator<[path: string, file: File]> {
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === 'directory') yield* filesIn(handle, `${path}${name}/`)
    else yield [path + name, await handle.getFile()]
  }
}

/** A picker puts the folder's own name, and perhaps folders above, in front of each path. */
function belowConfig(files: [string, File][]): ModelFiles {
  const configs = files.map(([path]) => path).filter((path) => /(^|\/)config\.json$/.test(path))
  const [config = ''] = configs.sort((a, b) => a.length - b.length)
  const root = config.slice(0, config.lastIndexOf('/') + 1)
  return Object.fromEntries(files.filter(([path]) => path.startsWith(root)).map(([path, file]) => [path.slice(root.length), file]))
}
