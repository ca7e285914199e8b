#!/bin/sh
# Tries made-up and damaged inputs for some minutes: tests/fuzz.sh [MINUTES] [FIRST-SEED]
# Prints a line for each round of seeds, then the sum. A round that ends its process (a native crash) is named by its seeds.
# Build first: dotnet build tests/Analyzer.Tests
minutes=${1:-10} first=${2:-100000} count=${FUZZ_COUNT:-1000}
tests=$(dirname "$0")/Analyzer.Tests/bin/Debug/net10.0/Analyzer.Tests
end=$(($(date +%s) + minutes * 60)) rounds=0 failed=0 died=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
while [ "$(date +%s)" -lt "$end" ]; do
    EMERGENCE_FUZZ=$first,$count "$tests" -class '*FuzzTests' -noColor >"$log" 2>&1
    code=$?
    rounds=$((rounds + 1))
    if [ $code -ge 128 ]; then
        died=$((died + 1))
        echo "seeds $first to $((first + count - 1)): the process died, exit code $code"
    elif [ $code -ne 0 ]; then
        failed=$((failed + 1))
        echo "seeds $first to $((first + count - 1)):"
        grep -A 4 'seed [0-9]*: ' "$log"
    else
        echo "seeds $first to $((first + count - 1)): nothing found"
    fi
    first=$((first + count))
done
echo "$((rounds * count * 6)) inputs in $rounds rounds; $failed rounds with findings, $died ended by a native crash"
[ $((failed + died)) -eq 0 ]
