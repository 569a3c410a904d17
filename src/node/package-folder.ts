import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder of this package: the nearest one above with a package.json, whether this runs as source or as built. */
export function packageFolder(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    if (existsSync(new URL('package.json', folder)) || folder.pathname === '/') return fileURLToPath(folder)
  }
}
