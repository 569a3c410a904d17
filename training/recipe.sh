#!/usr/bin/env bash
# The bundled models from nothing, as they were made: DATA=DIR training/recipe.sh
# SMOKE=1 walks the same road in minutes, on documentation that is installed anyway, and leaves the bundled models alone.
set -euo pipefail
cd "$(dirname "$0")/.."
export HF_HUB_OFFLINE=1 # nothing is fetched from the hub
train="training/.venv/bin/python -m training --threads ${THREADS:-2}"

if [ -n "${SMOKE:-}" ]; then
  work=training/.work/smoke
  small=$work/smoke-small tiny=$work/smoke-tiny
  rm -rf $work && mkdir -p $work
  $train collect npm=pages:node_modules stdlib=python --out $work/data | tee $work/collect.json
  train="$train --data $work/data"
  lists=40 words=6000 steps=4 rows=30
else
  work=training/.work
  small=public/models/page-rerank-small-en tiny=public/models/page-rerank-tiny-en
  train="$train --data ${DATA:?a folder of JSON Lines data, see training/README.md}"
  lists=600 words=8700 steps=300 rows=300
fi

step() { echo "── $1 ($SECONDS s)"; }
step "first-stage candidates"
$train mine --out $work/mined
step "weights of the logit's terms"
$train fit --mined $work/mined --lists $lists --out $work/small.pt | tee $work/fit.json
step "the small model's files"
$train export --model $work/small.pt --rows $rows --out $small
$train quantize --out $small
$train canaries --out $small
step "the tiny model's files"
$train trim --model $work/small.pt --mined $work/mined --size $words --out $work/trimmed.pt
$train distil --model $work/trimmed.pt --teacher $work/small.pt --mined $work/mined --steps $steps --out $work/tiny.pt | tee $work/distil.json
$train export --hub tiny --model $work/tiny.pt --rows $rows --out $tiny
$train quantize --hub tiny --out $tiny
$train canaries --hub tiny --out $tiny

if [ -n "${SMOKE:-}" ]; then
  step "two steps of training"
  $train train --model $work/small.pt --mined $work/mined --run smoke --runs $work/runs --steps 2 --every 1 --lists 2 --negatives 3
  step "the held-out queries, by the product"
  node dist/cli.js eval $work/data/eval/held-out --candidates candidates.jsonl --sample 30 --model $small --json > $work/eval.json
fi
step done
