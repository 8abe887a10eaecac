#!/usr/bin/env bash
# Pin everything that the `dev` extra takes, for every supported Python and platform, with hashes and without
# addresses. Run it in the environment of the README's test command, then run .ci/run.
set -euo pipefail
cd "$(dirname "$0")/.."
UV_CUSTOM_COMPILE_COMMAND=scripts/write_constraints.sh uv pip compile --quiet --upgrade --universal \
  --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --extra dev \
  --output-file constraints.txt pyproject.toml
