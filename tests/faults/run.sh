#!/usr/bin/env bash
# The fault table of docs/security.md: what a machine, a user or another run may do to a run, case by case.
#   tests/faults/run.sh [--kills N] [PROGRAM]
# PROGRAM is a built emergence-analyze; without it the Release build of this repository. Prints a line per case; exits 1 if
# one failed. Needs bash and the usual tools; a full disk is a small tmpfs where one can be mounted, else a limit on file size.
set -u
export LC_ALL=C.UTF-8
root=$(cd "$(dirname "$0")/../.." && pwd)
kills=100
if [ "${1:-}" = --kills ]; then
    kills=$2
    shift 2
fi
program=$(realpath "${1:-$root/src/Analyzer/bin/Release/net10.0/emergence-analyze}")
[ -x "$program" ] || { echo "$program: does not exist; build it: dotnet build src/Analyzer -c Release" >&2; exit 2; }
models=$root/models/digits-mlp
work=$(mktemp -d)
failures=0
cd "$work" || exit 2
trap 'cd /; umount "$work/small" 2>/dev/null; chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT

say() { printf '%-4s %-34s %s\n' "$1" "$2" "$3"; }

# check NAME CONDITION OUTCOME: a line; CONDITION is a command.
check() {
    if eval "$2"; then say ok "$1" "$3"; else say FAIL "$1" "$3"; failures=$((failures + 1)); fi
}

# run NAME EXPECTED-CODES COMMAND…: the command ends with one of the codes, and with one error line where that is not 0.
run() {
    local name=$1 codes=$2
    shift 2
    "$@" >out.txt 2>err.txt
    local code=$?
    local errors
    errors=$(grep -acv -e '^note: ' -e '^warning: ' err.txt)
    local said
    said=$(grep -a '^error: ' err.txt | head -n 1 | cut -c 1-110)
    check "$name" "[[ ' $codes ' == *' $code '* ]] && { [ $code = 0 ] || [ $errors -le 1 ] || [ $code = 4 ]; } \
        && ! grep -qaE '^ +at |Unhandled' err.txt" "exit $code ${said:+· $said}"
}

is_whole() { # one set, of one run, and nothing else in the folder
    [ "$(ls -A "$1" | tr '\n' ' ')" = "layers.csv report.html results.json series.csv " ]
}

# Job control, as without it a shell has its background jobs ignore SIGINT.
set -m

# reference: what an uninterrupted run gives, and how long that takes.
mkdir many
for i in $(seq 0 59); do cp "$models/ckpt_$(printf %03d $((i % 11))).onnx" "many/c_$(printf %03d "$i").onnx"; done
started=$(date +%s%N)
"$program" many --out reference --quiet >reference.txt || { echo "the reference run failed" >&2; exit 1; }

duration=$((($(date +%s%N) - started) / 1000000))

# --- ended from outside
kill_once() { # SIGNAL SECONDS: a run into ./killed that is ended after that long
    "$program" many --out killed --quiet >killed.txt 2>killed.err &
    local id=$!
    sleep "$2"
    kill "-$1" "$id" 2>/dev/null
    wait "$id" 2>/dev/null
    # The worker notices a moment later; until then it may be writing.
    while pgrep -f 'many --out killed' >/dev/null; do sleep 0.02; done
}
mixed=0
gone_on=0
last=0
for i in $(seq "$kills"); do
    kill_once KILL "$(awk "BEGIN{print $duration / 1000 * (0.3 + ($i * 37 % 100) / 125)}")"
    files=$(ls -A killed 2>/dev/null | grep -vc '^\.emergence-')
    [ "$files" = 0 ] || { [ "$files" = 4 ] && [ ! -e killed/.emergence-commit ] && cmp -s reference/results.json killed/results.json; } ||
        [ -e killed/.emergence-commit ] || mixed=$((mixed + 1))
    kept=$(find killed/.emergence-journal -type f 2>/dev/null | wc -l)
    [ "$kept" -gt "$last" ] && gone_on=$((gone_on + 1))
    last=$kept
    if [ "$files" = 4 ]; then rm -rf killed; last=0; fi
done
run 'start again after SIGKILL' 0 "$program" many --out killed --quiet
check "SIGKILL × $kills" "[ $mixed = 0 ] && is_whole killed && diff -q reference killed >/dev/null && cmp -s reference.txt out.txt" \
    "0 of $kills left a mixed set ($mixed did); $gone_on went further than the one before; the end is byte-identical"
sleep 6
check 'no process is left' "! pgrep -f '$work/killed|many --out killed' >/dev/null" "$(pgrep -fc 'many --out killed') of them"
for signal in INT TERM HUP; do
    rm -rf killed
    "$program" many --out killed --quiet --samples all --bootstrap 20000 >killed.txt 2>killed.err &
    id=$!
    sleep 1.5
    start=$(date +%s%N)
    kill "-$signal" "$id" 2>/dev/null
    wait "$id" 2>/dev/null
    code=$?
    took=$((($(date +%s%N) - start) / 1000000))
    # A worker that does not end by itself in 1.5 s, as on a busy machine, is ended, and its lock stays, which holds nobody up.
    check "SIG$signal" "[ $code = 130 ] && [ $took -lt 4000 ] && [ \"\$(cat killed.err)\" = 'error: canceled' ] \
        && [ \"\$(ls -A killed 2>/dev/null | grep -vE '^.emergence-(journal|lock)\$')\" = '' ]" "exit $code after $took ms · $(head -c 60 killed.err)"
done

# --- nowhere to write
small=none
mkdir small
if mount -t tmpfs -o size=1m tmpfs small 2>/dev/null; then small=tmpfs; fi
if [ $small = tmpfs ]; then
    run 'disk full, new folder' 1 "$program" "$models" --out small/set --quiet
    check 'nothing of it is left' "! ls small/set/*.csv small/set/*.json >/dev/null 2>&1" "$(ls -A small/set 2>/dev/null | tr '\n' ' ')"
    umount small
    mount -t tmpfs -o size=2m tmpfs small
    "$program" "$models" --out small/set --quiet >/dev/null 2>&1
    (cd small/set && sha256sum ./*) >before.txt
    head -c 2M /dev/zero >small/filler 2>/dev/null
    run 'disk full, over an old set' 1 "$program" "$models" --samples 99 --out small/set --quiet
    check 'the old set stays' "(cd small/set && sha256sum --quiet -c ../../before.txt)" "$(ls small/set | tr '\n' ' ')"
    umount small
else
    run 'file size limit, new folder' '1' bash -c "ulimit -f 256; exec '$program' '$models' --out limited --quiet"
    check 'nothing of it is left' "! ls limited/*.csv limited/*.json >/dev/null 2>&1" "$(ls -A limited 2>/dev/null | tr '\n' ' ')"
fi
run 'folder below a file' '1 2' "$program" "$models" --out reference.txt/set --quiet
run 'device as folder' '1 2' "$program" "$models" --out /dev/full --quiet
if [ "$(id -u)" != 0 ]; then
    mkdir locked
    chmod a-w locked
    run 'read-only folder' 1 "$program" "$models" --out locked/set --quiet
    chmod u+w locked
elif mkdir readonly && mount -t tmpfs -o ro tmpfs readonly 2>/dev/null; then
    run 'read-only folder' 1 "$program" "$models" --out readonly/set --quiet
    umount readonly
else
    run 'read-only folder' 1 "$program" "$models" --out /proc/emergence-set --quiet
fi

# --- streams
run 'stdout full' 1 bash -c "exec '$program' '$models' --quiet >/dev/full"
run 'stdout closed' '0 1' bash -c "exec '$program' '$models' --quiet >&-"
run 'stderr full' '0 1' bash -c "exec '$program' '$models' 2>/dev/full"
run 'stderr closed' '0 1' bash -c "exec '$program' '$models' 2>&-"
run 'stdin closed' 0 bash -c "exec '$program' '$models' --quiet <&-"
run 'all closed' '0 1' bash -c "exec '$program' '$models' <&- >&- 2>&-"
run 'pipe that nobody reads' '0 1 141' bash -c "set -o pipefail; '$program' '$models' --format json --quiet | head -c 10 >/dev/null"
run 'stdout full, files are written' 1 bash -c "exec '$program' '$models' --out streams --quiet >/dev/full"
check 'and are whole' "is_whole streams" "$(ls -A streams | tr '\n' ' ')"

# --- environment
run 'no HOME, no TERM, no TMPDIR' 0 env -i PATH="$PATH" ${DOTNET_ROOT:+DOTNET_ROOT="$DOTNET_ROOT"} "$program" "$models" --quiet
run 'HOME and TMPDIR unwritable' 0 env HOME=/proc TMPDIR=/proc/none "$program" "$models" --quiet
run 'unknown TERM, foreign language' 0 env TERM=none LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 "$program" "$models" --quiet

# --- few handles
mkdir thousand
for i in $(seq 0 999); do ln "many/c_$(printf %03d $((i % 60))).onnx" "thousand/c_$(printf %04d "$i").onnx"; done
run '1,000 checkpoints, 128 handles' 0 bash -c "ulimit -n 128; exec '$program' thousand --samples 8 --format csv --quiet"
check 'all of them' "[ \$(wc -l <out.txt) = 1001 ]" "$(($(wc -l <out.txt) - 1)) rows"
for handles in 64 40 32; do
    run "$handles handles" 1 bash -c "ulimit -n $handles; exec '$program' '$models' --quiet"
    check 'are said to be too few' "grep -q 'ulimit -n 128' err.txt" "$(cut -c 1-80 err.txt)"
done

# --- files that vanish and change
mkdir moving
cp "$models"/*.onnx moving
"$program" moving --samples all --bootstrap 5000 --format csv --quiet >out.txt 2>err.txt &
id=$!
sleep 0.7
rm moving/ckpt_010.onnx
cp "$models/ckpt_000.onnx" moving/ckpt_001.onnx
: >moving/ckpt_009.onnx
wait $id
code=$?
check 'files vanish, change, are emptied' "[[ $code = 4 || $code = 0 ]] && ! grep -q '   at ' err.txt" "exit $code · $(grep -c ^error err.txt) named, $(($(wc -l <out.txt) - 1)) rows"
run 'folder vanishes' '0 1' bash -c "cp -r many going; '$program' '$models' --out going/set --quiet & sleep 0.8; rm -rf going; wait \$!"

# --- at once
for i in $(seq 20); do
    (
        "$program" "$models" --samples $((8 + i)) --out shared --quiet >"at-once-$i.txt" 2>"at-once-$i.err"
        echo "$?" >"at-once-$i.code"
    ) &
done
wait
done0=$(cat at-once-*.code | grep -c '^0$')
told=$(cat at-once-*.err | grep -c 'another run is writing there')
check '20 runs into one folder' "is_whole shared && [ $done0 -ge 1 ] && [ $((done0 + told)) = 20 ]" \
    "$done0 wrote it, one after the other; $told were told"
samples=$(grep -m 1 -o '"samples": *[0-9]*' shared/results.json | grep -o '[0-9]*')
check 'the set is of one run' "'$program' '$models' --samples ${samples:-0} --out alone --quiet >/dev/null && diff -q alone shared >/dev/null" \
    "that of --samples $samples"

# --- names
long=$(printf 'x%.0s' $(seq 250)).onnx
cp "$models/ckpt_000.onnx" "$long"
run 'name of 255 bytes' 0 "$program" "$long" --quiet
long=$(printf 'y%.0s' $(seq 255))
run 'folder of 255 bytes' 0 "$program" "$models" --out "$long" --quiet
cp "$models/ckpt_000.onnx" $'bad\xff\xfename.onnx'
run 'name that is not UTF-8' '0 1 2' "$program" $'bad\xff\xfename.onnx' --quiet
mkdir odd
cp "$models/ckpt_001.onnx" odd/good.onnx
cp "$models/ckpt_000.onnx" $'odd/bad\xff.onnx'
run 'one of a folder' '0 4' "$program" odd --format csv --quiet
check 'the other is delivered' "grep -q '^odd/good.onnx' out.txt" "$(($(wc -l <out.txt) - 1)) rows"

echo
if [ $failures = 0 ]; then echo "all cases passed"; else echo "$failures cases failed"; fi
[ $failures = 0 ]
