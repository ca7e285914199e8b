#!/usr/bin/env bash
# Compiles emergence-analyze ahead of time, and compares what it prints and writes, byte for byte, with the same program under
# the just-in-time compiler. Usage: tests/native.sh PROGRAM, the program as `dotnet build -c Release` leaves it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jit=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

dotnet publish src/Analyzer -c Release -r linux-x64 -p:Native=true -o "$work/native" -v q -nologo
native=$work/native/emergence-analyze

calls=(
  "models/digits-mlp"
  "models/digits-mlp --format csv --bootstrap 1000"
  "models/digits-lenet --format json --measures wired,contributions --statistic share"
  "models/digits-mlp --out OUT --units"
  "inspect --tensors models/digits-lenet/ckpt_003.onnx"
  "inspect --channels models/digits-lenet/ckpt_003.onnx --format json"
  "compare models/digits-lenet/ckpt_003.onnx models/digits-lenet/ckpt_004.onnx --html OUT.html"
  "prune models/digits-lenet/ckpt_004.onnx --amount 0.5 --structure nodes --shrink --out OUT.onnx"
  "prune models/digits-lenet/ckpt_004.onnx --sensitivity"
  "--help"
  "prune --help"
  "no-such-file.onnx"
  "models/digits-mlp --no-such-option"
  "README.md"
)
succeeded=0 failed=0
for call in "${calls[@]}"; do
  for kind in jit native; do
    mkdir -p "$work/$kind-files"
    # Both write to a place of the same name, which messages repeat.
    rm -rf "$work/files" && mkdir "$work/files"
    read -ra words <<<"${call//OUT/$work/files/out}"
    "${!kind}" "${words[@]}" >"$work/$kind.out" 2>"$work/$kind.err" && code=0 || code=$?
    echo "$code" >>"$work/$kind.out"
    rm -rf "$work/$kind-files" && mv "$work/files" "$work/$kind-files"
  done
  if cmp -s "$work/jit.out" "$work/native.out" && cmp -s "$work/jit.err" "$work/native.err" &&
    diff -r "$work/jit-files" "$work/native-files" >"$work/diff"; then
    echo "same: $call"
    succeeded=$((succeeded + 1))
  else
    echo "differs: $call"
    diff "$work/jit.out" "$work/native.out" | head -5 || true
    diff "$work/jit.err" "$work/native.err" | head -5 || true
    head -5 "$work/diff"
    failed=$((failed + 1))
  fi
done
# As the test runner writes it, for whoever adds them up.
printf 'Test run summary: compiled ahead of time\n  succeeded: %d\n  failed: %d\n' "$succeeded" "$failed"
((failed == 0))
