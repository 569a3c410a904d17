/** Bytes for a person, in decimal units as browsers count downloads: `3.1 kB`, `1.5 MB`, `2.27 GB`. */
export function formatBytes(bytes: number): string {
  // Of what is counted up, 0 is the beginning, and the end is megabytes.
  if (bytes > 0 && bytes < 1e5) return `${(bytes / 1e3).toFixed(1)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}
