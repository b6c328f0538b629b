#!/bin/sh
# How the bundled counts of two small models were collected: sixteen kernels, 2,100 draws each.
# Needs the extra `local`; some ninety minutes on one core. It goes on where it was stopped.
#
#   sh examples/small-models/collect.sh small-models.db
#   python examples/small-models/bundle.py small-models.db small-models.csv
set -e
store=${1:-small-models.db}
here=$(dirname "$0")
for task in weekday "$here/weekday-pattern.toml" month "$here/month-pattern.toml"; do
  for temperature in 1.0 0.7; do
    for model in smollm2-135m gemma3-270m; do
      equipoise collect --task "$task" --client local --model "$model" \
        --set temperature=$temperature --draws 2100 --store "$store" --yes --quiet
    done
  done
done
