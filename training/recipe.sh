#!/usr/bin/env bash
# The bundled models from nothing, as they were made: DATA=DIR training/recipe.sh
# SMOKE=1 walks the same road in minutes, on documentation that is installed anyway, and leaves the bundled models alone.
set -euo pipefail
cd "$(dirname "$0")/.."
export HF_HUB_OFFLINE=1 # nothing is fetched from the hub
train="training/.venv/bin/python -m training --threads ${THREADS:-2}"

if [ -n "${SMOKE:-}" ]; then
  work=training/.work/smoke runs=training/.work/smoke/runs run=smoke-late
  small=$work/smoke-small tiny=$work/smoke-tiny
  rm -rf $work && mkdir -p $work
  $train collect npm=pages:node_modules stdlib=python --out $work/data | tee $work/collect.json
  train="$train --data $work/data"
  first="--mined $work/mined --steps 2 --lists 3 --max-length 64"
  second="$first --steps 3 --until 2"
  lists=40 words=6000 steps=4 rows=30
else
  work=training/.work runs=training/runs run=late
  small=public/models/page-rerank-small-en tiny=public/models/page-rerank-tiny-en
  train="$train --data ${DATA:?a folder of JSON Lines data, see training/README.md}"
  # The second run was stopped before its end.
  first="--steps 220" second="--steps 300 --until 220"
  lists=600 words=8700 steps=300 rows=300
fi

step() { echo "── $1 ($SECONDS s)"; }
step "first-stage candidates"
$train mine --out $work/mined

# The small model: late interaction.
step "two runs of contrastive training"
$train start --independent 6 --out $work/start.pt
$train contrast --model $work/start.pt --run $run-1 --runs $runs --seed 1 $first
$train contrast --model $work/start.pt --run $run-2 --runs $runs --seed 2 $second
$train mix $work/start.pt training/.work/$run-1/encoder.pt training/.work/$run-2/encoder.pt --shares 0.4 0.3 0.3 --out $work/mixed.pt
step "weights of the terms"
$train weigh --model $work/mixed.pt --mined $work/mined --lists $lists --out $work/late.pt | tee $work/weigh.json
step "the small model's files"
$train publish --model $work/late.pt --queries 1 --out $small

# The tiny model: a cross-encoder, taught by a larger one.
step "weights of the cross-encoder's terms"
$train fit --mined $work/mined --lists $lists --out $work/cross.pt | tee $work/fit.json
step "the tiny model's files"
$train trim --model $work/cross.pt --mined $work/mined --size $words --out $work/trimmed.pt
$train distil --model $work/trimmed.pt --teacher $work/cross.pt --mined $work/mined --steps $steps --out $work/tiny.pt | tee $work/distil.json
$train export --hub tiny --model $work/tiny.pt --rows $rows --out $tiny
$train quantize --hub tiny --out $tiny
$train canaries --hub tiny --out $tiny

if [ -n "${SMOKE:-}" ]; then
  step "two steps of training a cross-encoder"
  $train train --model $work/cross.pt --mined $work/mined --run smoke --runs $runs --steps 2 --every 1 --lists 2 --negatives 3
  step "the held-out queries, by the product"
  node dist/cli.js eval $work/data/eval/held-out --candidates candidates.jsonl --sample 30 --model $small --json > $work/eval.json
fi
step done
