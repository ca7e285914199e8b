#!/usr/bin/env bash
# Analyzes a series on a Slurm cluster: an array of tasks, each with a part of the checkpoints, and a job that merges what they
# wrote once all are done. The folder OUT has to be on a file system that all nodes share.
#   deploy/slurm/submit.sh TASKS OUT CHECKPOINT… [OPTION…]
#   deploy/slurm/submit.sh 32 /shared/analysis runs/mlp --data mnist --data-dir /shared/data --samples all
# Options of sbatch, such as a partition or an account, are read from SBATCH_PARTITION, SBATCH_ACCOUNT and the like.
set -euo pipefail
if (($# < 3)); then
  echo "usage: $0 TASKS OUT CHECKPOINT… [OPTION…]" >&2
  exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tasks=$1 out=$2
shift 2
mkdir -p "$out/logs"
out=$(realpath "$out")
array=$(sbatch --parsable --array="1-$tasks" --output="$out/logs/%a.log" "$here/analyze.sbatch" "$tasks" "$out" "$@")
merge=$(sbatch --parsable --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes --output="$out/logs/merge.log" \
  "$here/merge.sbatch" "$out")
echo "array ${array%%;*}, merge ${merge%%;*}; the result will be in $out/results"
