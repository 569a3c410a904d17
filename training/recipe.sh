#!/usr/bin/env bash
# The bundled models from nothing, as they were made: DATA=DIR training/recipe.sh
# SMOKE=1 walks the same road in a minute or two, on documentation that is installed anyway, and leaves the bundled models alone.
set -euo pipefail
cd "$(dirname "$0")/.."
export HF_HUB_OFFLINE=1 # nothing is fetched from the hub

if [ -n "${SMOKE:-}" ]; then
  work=training/.work/smoke runs=training/.work/smoke/runs run=smoke-late data=training/.work/smoke/data
  small=$work/smoke-small tiny=$work/smoke-tiny
  rm -rf $work && mkdir -p $work
  # Of a few packages: all of them take a quarter of a minute more, and prove nothing more.
  npm=$(printf ' npm=pages:node_modules/%s' ai @tanstack undici terser commander flexsearch)
  collect="collect$npm stdlib=python --out $data --json $work/collect.json"
  first="--mined $work/mined --steps 2 --lists 3 --max-length 64"
  second="$first --steps 3 --until 2"
  lists=12 words=6000 steps="2 --pairs 8" rows=10 queries=1
  # What makes cross-encoders, and two steps of training one.
  cross="fit --mined $work/mined --lists $lists --out $work/cross.pt --json $work/fit.json
export --hub tiny --model $work/cross.pt --rows $rows --out $work/smoke-cross
quantize --hub tiny --queries $queries --out $work/smoke-cross
canaries --hub tiny --out $work/smoke-cross
train --model $work/cross.pt --mined $work/mined --run smoke --runs $runs --steps 2 --every 1 --lists 2 --negatives 3"
else
  work=training/.work runs=training/runs run=late data=${DATA:?a folder of JSON Lines data, see training/README.md}
  small=models/page-rerank-small-en tiny=models/page-rerank-tiny-en
  collect="" cross=""
  # The second run was stopped before its end.
  first="--steps 220" second="--steps 300 --until 220"
  lists=600 words=8700 steps=300 rows=300 queries=12
fi

training/.venv/bin/python -m training --threads "${THREADS:-2}" --data "$data" all << COMMANDS
$collect
mine --out $work/mined # the first stage's candidates

# The small model, late interaction: two runs of contrastive training, the weights of the terms, its files.
start --independent 6 --out $work/start.pt
contrast --model $work/start.pt --run $run-1 --runs $runs --seed 1 $first
contrast --model $work/start.pt --run $run-2 --runs $runs --seed 2 $second
mix $work/start.pt training/.work/$run-1/encoder.pt training/.work/$run-2/encoder.pt --shares 0.4 0.3 0.3 --out $work/mixed.pt
weigh --model $work/mixed.pt --mined $work/mined --lists $lists --out $work/late.pt --json $work/weigh.json
publish --model $work/late.pt --queries 1 --rows $rows --out $small

# The tiny model: fewer WordPieces and 4 bits a weight, taught to see what the small one sees.
trim --model $work/mixed.pt --mined $work/mined --size $words --out $work/trimmed.pt
distil --model $work/trimmed.pt --teacher $work/mixed.pt --mined $work/mined --steps $steps --out $work/tiny.pt --json $work/distil.json
weigh --model $work/tiny.pt --mined $work/mined --lists $lists --out $work/tiny-late.pt --json $work/weigh-tiny.json
publish --hub tiny --model $work/tiny-late.pt --queries $queries --rows $rows --out $tiny
$cross
COMMANDS

if [ -n "${SMOKE:-}" ]; then
  # The held-out queries, by the product.
  node dist/cli.js eval $data/eval/held-out --candidates candidates.jsonl --sample 20 --model $small --json > $work/eval.json
fi
