#!/bin/bash
# One worker and two, of one thread each: seconds for two short runs, and for the Parzen evaluation of 50,000 samples. Three
# rounds; take the best of each. Works in a clone of the last commit; needs the archives of MNIST (ADVERSARIAL_NETS_DATA).
set -euo pipefail
export ADVERSARIAL_NETS_DATA=${ADVERSARIAL_NETS_DATA:-$PWD/data/raw} OMP_WAIT_POLICY=passive
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
git clone --quiet . "$clone"
cd "$clone"
python - <<'PY'
from pathlib import Path

from ruamel.yaml import YAML

yaml = YAML()


def change(file: str, **sections: dict) -> None:
    values = yaml.load(Path(file))
    for section, changes in sections.items():
        values[section].update(changes)
    yaml.dump(values, Path(file))


change("experiments/mnist5k.yaml", training={"epochs": 10})
change("experiments/mnist.yaml", training={"epochs": 1}, sampling={"num_samples": 50000})
PY
export ADVERSARIAL_NETS_THREADS=1
{ for stage in "fetch mnist5k" "fetch mnist" "prepare mnist5k" "prepare mnist" "train mnist 0" "sample mnist 0"; do set -- $stage; python -m "stages.$1" "${@:2}"; done; } 2> /dev/null

seconds() { local start=$EPOCHREALTIME; "$@" > /dev/null 2>&1; echo "$EPOCHREALTIME - $start" | bc; }
one_after_another() { python -m stages.train mnist5k 0; python -m stages.train mnist5k 1; }
both_at_once() { python -m stages.train mnist5k 0 & python -m stages.train mnist5k 1 & wait; }
for _ in 1 2 3; do
  echo "two runs: $(seconds one_after_another) $(seconds both_at_once)"
  for stage in cross_validate likelihood; do
    echo "$stage: $(seconds python -m stages.$stage mnist 0) $(seconds torchrun --nproc-per-node 2 -m stages.$stage mnist 0)"
  done
done
