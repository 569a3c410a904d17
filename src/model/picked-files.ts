import type { CreateRerankerOptions, ModelFiles } from '../types.js'

type Model = CreateRerankerOptions['model']

/** A list of files or a folder's handle as files by their paths below the one that holds config.json; all else as it is. */
export async function readPickedFiles(model: Model): Promise<string | URL | ModelFiles | undefined> {
  if (typeof model !== 'object' || model === null || model instanceof URL) return model
  if (isFolder(model)) return belowConfig(await readFolder(model))
  if (Symbol.iterator in model) return belowConfig([...model].map((file) => [file.webkitRelativePath || file.name, file]))
  return model
}

function isFolder(model: object): model is FileSystemDirectoryHandle {
  return 'kind' in model && model.kind === 'directory'
}

async function readFolder(folder: FileSystemDirectoryHandle, path = ''): Promise<[string, File][]> {
  const files: [string, File][] = []
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === 'directory') files.push(...(await readFolder(handle, `${path}${name}/`)))
    else files.push([path + name, await handle.getFile()])
  }
  return files
}

/** A picker puts the folder's own name, and perhaps folders above, in front of each path. */
function belowConfig(files: [string, File][]): ModelFiles {
  const configs = files.map(([path]) => path).filter((path) => /(^|\/)config\.json$/.test(path))
  const [config = ''] = configs.sort((a, b) => a.length - b.length)
  const root = config.slice(0, config.lastIndexOf('/') + 1)
  return Object.fromEntries(files.filter(([path]) => path.startsWith(root)).map(([path, file]) => [path.slice(root.length), file]))
}
