import { InvalidInputError } from '../../errors.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions } from './command.js'
import { modelOptions } from './model.js'
import { rerankOptions } from './rerank-options.js'

const usage = 'DIR... [options]'

export const evalCommand: Command = {
  name: 'eval',
  usage,
  summary: 'Measure what reranking does to a test collection.',
  details:
    'DIR is a folder in the form of BEIR: corpus.jsonl, queries.jsonl, and qrels.tsv or qrels/test.tsv. The first stage is\n' +
    'BM25 by MiniSearch, or the candidates you give. Prints nDCG@10 (linear gains), MRR@10 and recall, first stage → reranked\n' +
    '(with a first-stage weight: first stage → reranked without it → with it), the time per query, and the queries whose\n' +
    'nDCG@10 rose, fell or stayed. Several folders get a row each, and their mean.',
  options: {
    candidates: {
      value: 'FILE',
      help: 'First stage: {"qid": …, "docs": [ids, best first]} a line; a name that is not a file is looked for in each DIR',
    },
    pool: { value: 'N|all', help: 'Candidates to rerank per query (default: 50); all: rank every document, for a late-interaction model' },
    ...rerankOptions,
    limit: { value: 'N', help: 'Evaluate only the first N judged queries' },
    sample: { value: 'N', help: 'Evaluate only N judged queries, drawn at random' },
    seed: { value: 'S', help: 'Seed of --sample (default: 1)' },
    run: { value: 'FILE', help: "Write the reranked order as a TREC run; with several folders, one file each, the folder's name added" },
    ...modelOptions,
    ...commonOptions,
  },
  examples: [
    'eval scifact',
    'eval scifact --candidates candidates.jsonl --run scifact.run',
    'eval scifact cranfield --sample 50 --seed 7 --json',
    'eval scifact --pool all --first-stage-weight 0.5',
  ],
  run,
}

async function run(args: Arguments, context: CommandContext): Promise<void> {
  if (args.positionals.length === 0) {
    throw new InvalidInputError('invalid-input', `There is no folder; the usage is: page-rerank eval ${usage}.`)
  }
  // Evaluation and its BM25 index are a chunk of their own, which nothing else loads.
  const { runEval } = await import('./run-eval.js')
  await runEval(args, context)
}
