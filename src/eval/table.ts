import type { SetReport, Summary } from './evaluate.js'
import type { Metrics } from './metrics.js'
import { DEEP } from './ranking.js'

/**
 * The Base → Reranked table, as Markdown that also reads well in a terminal.
 *
 * @param pool candidates per query, or all documents
 * @param firstStageWeight as in the calls; with one, quality is shown without it as well
 */
export function evalTable(
  sets: readonly SetReport[],
  mean: Summary,
  { pool, firstStageWeight }: { pool: number | 'all'; firstStageWeight: number },
): string[] {
  const whole = pool === 'all'
  const header = [
    'set',
    'queries',
    firstStageWeight > 0 ? `nDCG@10: base → weight 0 → ${firstStageWeight}` : 'nDCG@10',
    'change',
    'MRR@10',
    'recall@10',
    `recall@${whole ? DEEP : pool}`,
    ...(whole ? ['documents', 'read in s'] : []),
    'p50 ms',
    'p95 ms',
    'pairs/s',
    'won/lost/tied',
  ]
  const form = { weighted: firstStageWeight > 0, whole }
  const rows = sets.map((set) => row(set.set, set, form))
  if (sets.length > 1) rows.push(row('mean', mean, form))
  const widths = header.map((title, column) => Math.max(...[header, ...rows].map((cells) => (cells[column] ?? title).length)))
  // Names to the left, numbers to the right.
  const line = (cells: string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? `${'-'.repeat(width + 2)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(header), rule, ...rows.map(line)]
}

function row(
  name: string,
  { base, unweighted, reranked, documents, readMs, queries, latency, pairsPerSecond, won, lost, tied }: Summary & Pick<SetReport, 'readMs'>,
  { weighted, whole }: { weighted: boolean; whole: boolean },
): string[] {
  const quality = (metric: keyof Metrics) =>
    [base, ...(weighted ? [unweighted] : []), reranked].map((one) => one[metric].toFixed(4)).join(' → ')
  return [
    name,
    String(queries),
    quality('ndcg10'),
    signed(reranked.ndcg10 - base.ndcg10),
    quality('mrr10'),
    quality('recall10'),
    whole ? quality('recallPool') : base.recallPool.toFixed(4),
    ...(whole ? [String(documents), number((readMs ?? Number.NaN) / 1000, 1)] : []),
    number(latency.p50, 1),
    number(latency.p95, 1),
    number(pairsPerSecond, 0),
    `${won}/${lost}/${tied}`,
  ]
}

function signed(change: number): string {
  const text = change.toFixed(4)
  return change > 0 ? `+${text}` : text
}

/** Where no query had candidates, or nothing was read ahead, there is no time to speak of. */
function number(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}
