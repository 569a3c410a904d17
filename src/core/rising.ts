import type { ScoreProgress } from '../types.js'

/**
 * Says of each report whether it is as far as the one before: what is begun anew is silent until then. By shares, since who begins anew
 * may count otherwise.
 */
export function rising(): (progress: ScoreProgress) => boolean {
  let furthest = 0
  return ({ scored, total }) => {
    if (scored / total < furthest) return false
    furthest = scored / total
    return true
  }
}
