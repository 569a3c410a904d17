import { LONG_DOCUMENTS, type Mismatch, ON_MISMATCH, type OnMismatch, type RerankOptions } from '../../types.js'
import type { Arguments } from './arguments.js'
import type { OptionSpec } from './command.js'

/** Options of every command that reranks. */
export const rerankOptions = {
  'max-length': {
    value: 'N',
    help: 'Tokens of a document, with a cross-encoder those of the query counted in (default: what the model was trained for, at most 512)',
  },
  'long-documents': { value: 'HOW', help: 'truncate, or chunk: read all of a long document, passage by passage (default: truncate)' },
  'on-mismatch': {
    value: 'WHAT',
    help: 'Where the model cannot read query or documents: keep-order, warn (rerank, and say so) or ignore (default: keep-order)',
  },
  'first-stage-weight': { value: 'W', help: "What the order of the input counts for, in logits (default: the model's own)" },
} satisfies Record<string, OptionSpec>

/** @throws InvalidInputError */
export function readRerankOptions(
  args: Arguments,
): Pick<RerankOptions<unknown>, 'maxLength' | 'longDocuments' | 'onMismatch' | 'firstStageWeight'> {
  return {
    maxLength: args.count('max-length'),
    longDocuments: args.oneOf('long-documents', LONG_DOCUMENTS),
    firstStageWeight: args.number('first-stage-weight', { min: 0 }),
    onMismatch: args.oneOf('on-mismatch', ON_MISMATCH),
  }
}

/** What a mismatch led to, as a sentence behind its reason. */
export function mismatchNote({ reason }: Mismatch, onMismatch: OnMismatch = 'keep-order'): string {
  return `${reason} ${onMismatch === 'keep-order' ? 'The order was kept; --on-mismatch ignore reranks all the same.' : 'It was reranked all the same.'}`
}
