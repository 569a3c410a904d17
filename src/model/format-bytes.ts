/** Bytes for a person, in decimal units as browsers count downloads: `1.5 MB`, `2.27 GB`. */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}
