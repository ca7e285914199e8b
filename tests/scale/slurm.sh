#!/usr/bin/env bash
# The scripts of deploy/slurm on a cluster of one machine: slurmctld and four slurmd on the loopback. An array over 200
# checkpoints; the daemon of a node is killed in the middle, its task is queued again while the old one goes on; then the merge
# has to be, byte for byte, the result of one run.
#   tests/scale/slurm.sh [PROGRAM]
# PROGRAM is a built emergence-analyze; without it the Release build of this repository. Needs root; installs slurm-wlm and munge
# with apt-get where they are not there, and exits with 77 where that fails. Takes about a minute.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$(realpath "${1:-$root/src/Analyzer/bin/Release/net10.0/emergence-analyze}")
[ -x "$program" ] || { echo "$program: does not exist; build it: dotnet build src/Analyzer -c Release" >&2; exit 2; }
((EUID == 0)) || { echo "needs root, as slurmd does; run it in a container" >&2; exit 77; }
if ! command -v slurmctld slurmd sbatch munged >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq slurm-wlm munge; } >/dev/null 2>&1 ||
    { echo "slurm-wlm and munge could not be installed" >&2; exit 77; }
fi
. "$root/tests/scale/series.sh"

checkpoints=200 tasks=8 nodes=4
options=(--data random --samples 20000 --threads 1 --timeout 50)
work=$(mktemp -d)
pids=() old=()
fail() {
  echo "FAIL $*" >&2
  tail -n 20 "$work"/slurmctld.log "$work"/out/logs/*.log >&2 2>/dev/null
  exit 1
}
finish() {
  local code=$?
  scancel --user=root 2>/dev/null
  sleep 1
  ((${#old[@]} > 0)) && kill -KILL "${old[@]}" 2>/dev/null
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  wait 2>/dev/null
  rm -rf "$work"
  exit $code
}
trap finish EXIT

# A munged of its own, unless one is running.
if ! munge -n </dev/null 2>/dev/null | unmunge >/dev/null 2>&1; then
  install -d -o munge -g munge -m 755 /run/munge
  install -d -o munge -g munge -m 700 /var/lib/munge /var/log/munge /etc/munge
  [ -s /etc/munge/munge.key ] || { dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 2>/dev/null; }
  chown munge:munge /etc/munge/munge.key && chmod 400 /etc/munge/munge.key
  runuser -u munge -- munged --foreground >"$work/munged.log" 2>&1 &
  pids+=($!)
  for _ in $(seq 50); do munge -n </dev/null 2>/dev/null | unmunge >/dev/null 2>&1 && break; sleep 0.1; done
fi

# Ports that no other such cluster on the machine has, most likely.
port=$((20000 + RANDOM % 20000))
export SLURM_CONF=$work/slurm.conf
cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
# How long a task that was queued again waits; 120 seconds by default.
AuthInfo=cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SlurmdParameters=config_overrides
SelectType=select/linear
ReturnToService=2
# A node that is silent for so many seconds is lost.
SlurmdTimeout=6
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool-%n
SlurmdPidFile=$work/slurmd-%n.pid
SlurmctldPidFile=$work/slurmctld.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd-%n.log
NodeName=n[1-$nodes] NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + nodes))] CPUs=2 RealMemory=8192
PartitionName=all Nodes=ALL Default=YES State=UP
CONF
mkdir "$work/state"
slurmctld -D 2>"$work/slurmctld.err" &
pids+=($!)
declare -A daemon
start_node() {
  mkdir -p "$work/spool-$1"
  slurmd -D -N "$1" 2>/dev/null &
  daemon[$1]=$!
  pids+=($!)
  # Its end is expected, and not to be told.
  disown
}
for ((i = 1; i <= nodes; i++)); do start_node "n$i"; done
for _ in $(seq 100); do [[ $(sinfo -h -o %t 2>/dev/null | sort -u) == idle ]] && break; sleep 0.2; done
[[ $(sinfo -h -o %t | sort -u) == idle ]] || fail "the nodes do not come up: $(sinfo -h -o '%N %t %E')"

make_series "$work/series" $checkpoints
"$program" "$work/series" "${options[@]}" --quiet --out "$work/whole" >/dev/null || fail "the run of the whole"

export PATH=$(dirname "$program"):$PATH
started=$SECONDS
"$root/deploy/slurm/submit.sh" $tasks "$work/out" "$work/series" "${options[@]}" || fail "submitting"

# A node is lost while its task is in the middle.
victim=
for _ in $(seq 200); do
  victim=$(squeue -h -t RUNNING -n emergence -o %N | head -n 1)
  [ -n "$victim" ] && [ "$(find "$work/out/cache" -name '*.measured' 2>/dev/null | wc -l)" -ge 20 ] && break
  sleep 0.1
done
[ -n "$victim" ] || fail "no task was running"
task=$(squeue -h -r -t RUNNING -n emergence -w "$victim" -o %K | head -n 1)
# It stands still until the other attempt is done, as on a machine that hangs: with a lock on what it is measuring.
mapfile -t old < <(pgrep -f -- "--out $work/out/shards/$task-0 ")
((${#old[@]} > 0)) || fail "task $task is not there"
kill -STOP "${old[@]}"
kill -KILL "${daemon[$victim]}"
echo "killed the daemon of $victim, which ran task $task, with $(find "$work/out/cache" -name '*.measured' | wc -l) results done"

for _ in $(seq 600); do [ -z "$(squeue -h 2>/dev/null)" ] && break; sleep 0.2; done
[ -z "$(squeue -h)" ] || fail "jobs do not end: $(squeue)"
echo "done after $((SECONDS - started)) s"
echo "what was queued again:"
grep -iE 'requeue|not responding|resetting' "$work/slurmctld.log" | sed 's/^/  /'
grep -qi requeue "$work/slurmctld.log" || fail "nothing was queued again"
echo "attempts: $(ls "$work/out/shards" | tr '\n' ' ')"
[ -s "$work/out/shards/$task-1/results.shard" ] || fail "the second attempt of task $task left nothing"
[ ! -e "$work/out/shards/$task-0/results.shard" ] || fail "the first attempt of task $task ended"
compare() {
  for file in series.csv layers.csv report.html results.json; do
    cmp "$work/whole/$file" "$1/$file" || fail "$file is not that of one run"
  done
}
compare "$work/out/results"

# The old one goes on after all, and both attempts are merged.
kill -CONT "${old[@]}"
for _ in $(seq 300); do [ -s "$work/out/shards/$task-0/results.json" ] && break; sleep 0.2; done
[ -s "$work/out/shards/$task-0/results.shard" ] || fail "the first attempt of task $task did not end"
"$program" merge "$work/out/shards" --out "$work/again" --quiet >/dev/null || fail "merging both attempts"
compare "$work/again"
echo "ok: the merge of $tasks tasks over $checkpoints checkpoints is the result of one run"
