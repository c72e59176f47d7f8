#!/bin/bash
# One worker and two, of one thread each: seconds for two short trainings, and for the Parzen evaluation of 50,000 samples. Three
# rounds; take the best of each. Works in a clone of the last commit; needs the archives of MNIST (ADVERSARIAL_NETS_DATA).
set -euo pipefail
export ADVERSARIAL_NETS_DATA=${ADVERSARIAL_NETS_DATA:-$PWD/data/raw} PYTHONPATH=. OMP_WAIT_POLICY=passive
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
git clone --quiet . "$clone"
cd "$clone"
python - <<'PY'
from pathlib import Path

from ruamel.yaml import YAML

yaml, path = YAML(), Path("params.yaml")
values = yaml.load(path)
values["threads"] = 1
values["experiments"]["mnist5k"]["training"]["epochs"] = 10
values["experiments"]["mnist"]["training"]["epochs"] = 1
values["experiments"]["mnist"]["sampling"]["num_samples"] = 50000
yaml.dump(values, path)
PY
{ for stage in "prepare mnist5k" "prepare mnist" "train mnist 0" "sample mnist 0"; do set -- $stage; python "stages/$1.py" "${@:2}"; done; } 2> /dev/null

seconds() { local start=$EPOCHREALTIME; "$@" > /dev/null 2>&1; echo "$EPOCHREALTIME - $start" | bc; }
one_after_another() { python stages/train.py mnist5k 0; python stages/train.py mnist5k 1; }
both_at_once() { python stages/train.py mnist5k 0 & python stages/train.py mnist5k 1 & wait; }
for _ in 1 2 3; do
  echo "two trainings: $(seconds one_after_another) $(seconds both_at_once)"
  for stage in cross_validate likelihood; do
    echo "$stage: $(seconds python stages/$stage.py mnist 0) $(seconds torchrun --nproc-per-node 2 stages/$stage.py mnist 0)"
  done
done
