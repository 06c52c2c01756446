#!/bin/sh
# Renews the hash-pinned requirements: run.txt (what acsi-sem runs on), dev.txt (its tests), uv.txt (the installer),
# cluster.txt (the same with dask.distributed), oracles.txt (GPL packages that benchmarks compare with, in an environment of their own).
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
pin="$uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header"
$pin requirements/uv.in -o requirements/uv.txt
$pin pyproject.toml --extra db requirements/build.in -o requirements/run.txt
$pin pyproject.toml --extra db --extra cluster requirements/build.in -c requirements/run.txt -o requirements/cluster.txt
$pin --group dev -c requirements/cluster.txt -o requirements/dev.txt
echo openpls-engine | $pin -c requirements/run.txt - -o requirements/oracles.txt
