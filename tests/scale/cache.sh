#!/usr/bin/env bash
# Processes that share one cache and are killed now and then, for docs/scale.md: how much is measured twice.
#   tests/scale/cache.sh [PROCESSES [CHECKPOINTS]]
# 8 processes and 200 checkpoints without arguments. Builds the tests where they are not built. Exits 0 only if no result is
# wrong or lost and the total work is at most 1.2 times the least.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tests=tests/Analyzer.Tests/bin/Debug/net10.0/Analyzer.Tests
[ -x "$tests" ] || dotnet build tests/Analyzer.Tests -v q -nologo
EMERGENCE_CACHE_RACE="${1:-8} ${2:-200}" "$tests" -class '*.CacheRaceTests' -showLiveOutput -noColor | tee /dev/stderr |
  grep -q 'Failed: 0, Skipped: 0'
