/**
 * The name that a mistyped one most likely stands for, or `undefined` where none is near. Case, dashes and underscores
 * do not count: `topN`, `top_n` and `topn` are all `top-n`.
 */
export function nearestName(mistyped: string, names: readonly string[]): string | undefined {
  const typed = bare(mistyped)
  // One slip in a short name, two in a long one; more would suggest names that nobody meant.
  let least = typed.length < 4 ? 0 : typed.length < 8 ? 1 : 2
  let nearest: string | undefined
  for (const name of names) {
    const slips = distance(typed, bare(name))
    if (slips > least || (slips === least && nearest !== undefined)) continue
    least = slips
    nearest = name
  }
  return nearest
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '')
}

/** Letters to put in, leave out, change or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let steps = Math.min((last[column] as number) + 1, (current[column - 1] as number) + 1, (last[column - 1] as number) + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) steps = Math.min(steps, (beforeLast[column - 2] as number) + 1)
      current.push(steps)
    }
    beforeLast = last
    last = current
  }
  return last[b.length] as number
}
