/** Make a worker from the address of its script, of whatever origin that is. */
export function startWorker(url: URL): Worker {
  // Browsers want a worker's own script to be of the page's origin; what it imports need not be (a CDN).
  return start(url.origin === origin ? url.href : importing(url.href))
}

function start(address: string): Worker {
  return new Worker(trusted(address), { type: 'module', name: 'page-rerank' })
}

const importers = new Map<string, string>()

/** Address of a script that imports another. Kept for the page's life: a worker that died is started from it again. */
function importing(address: string): string {
  const script = `import ${JSON.stringify(address)}`
  // Documents of an opaque origin (sandboxed frames, `data:`) are strangers to their neighbours and, in Chromium, to their own blobs.
  if (origin === 'null') return `data:text/javascript,${encodeURIComponent(script)}`
  let importer = importers.get(address)
  if (importer === undefined) {
    importer = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
    importers.set(address, importer)
  }
  return importer
}

interface ScriptPolicy {
  createScriptURL(address: string): string
}

declare const trustedTypes: { createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy } | undefined

let policy: ScriptPolicy | undefined

/** The address as pages want it that let scripts come from named policies alone; ours is called `page-rerank`. */
function trusted(address: string): string {
  if (typeof trustedTypes === 'undefined') return address
  try {
    policy ??= trustedTypes.createPolicy('page-rerank', { createScriptURL: (given) => given })
  } catch {
    // The page allows no policy of this name, or a second copy of the library has it. Most pages do not ask for one.
    return address
  }
  return policy.createScriptURL(address)
}
