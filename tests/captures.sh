#!/usr/bin/env bash
# Shows both programs as a terminal shows them, at 80x24 and 120x40, by tmux: every command's help, a series, a prune, a line
# of progress. Each capture goes to a file; a line that the terminal had to wrap is an error, but for messages, which are one line
# each so that scripts can count them.
#
#   tests/captures.sh OUT [BIN]     BIN: folder with emergence-analyze and emergence-train
set -euo pipefail
# Lines are measured in characters, not bytes.
export LC_ALL=C.UTF-8
out=${1:?name a folder for the captures}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=${2:-$here/tests/Trainer.Tests/bin/Debug/net10.0}
command -v tmux > /dev/null || { echo "tmux is not installed: apt-get install tmux" >&2; exit 1; }
mkdir -p "$out"
work=$(mktemp -d)
socket=captures-$$
wrapped=0
trap 'tmux -L "$socket" kill-server 2> /dev/null || true; rm -rf "$work"' EXIT

# capture NAME WIDTH HEIGHT SECONDS COMMAND: what stands on the screen once the command has ended or the time is over.
capture() {
  local name=$1-$2x$3 pane=0 file=$out/$1-$2x$3.txt
  tmux -L "$socket" -f /dev/null new-session -d -x "$2" -y "$3" -s "$name" \
    "cd '$here'; export PATH='$bin':\$PATH TERM=screen-256color; $5; touch '$work/$name'; sleep 600"
  for ((i = 0; i < $4 * 10; i++)); do
    [[ -e $work/$name ]] && break
    sleep 0.1
  done
  # -J joins what the terminal wrapped: a joined line is longer than the terminal is wide.
  tmux -L "$socket" capture-pane -p -J -S - -t "$name" | sed -e 's/ *$//' > "$file"
  tmux -L "$socket" kill-session -t "$name"
  while IFS= read -r line; do
    if ((${#line} > $2)) && ! [[ $line =~ ^(error|warning|note):\  ]]; then
      echo "$file: wraps: $line"
      wrapped=1
    fi
  done < "$file"
}

for size in "80 24" "120 40"; do
  read -r width height <<< "$size"
  for command in "" watch inspect reduce compare prune landscape merge "cache show" "cache prune" completion; do
    capture "help-analyze${command:+-${command// /-}}" "$width" "$height" 30 "emergence-analyze $command --help"
  done
  for command in "" train experiment predictor sharpness completion; do
    capture "help-train${command:+-$command}" "$width" "$height" 30 "emergence-train $command --help"
  done
  capture series "$width" "$height" 60 "emergence-analyze models/digits-mlp"
  capture bootstrap "$width" "$height" 120 "emergence-analyze models/digits-mlp --bootstrap 200 --measures wired"
  capture one "$width" "$height" 60 "emergence-analyze models/digits-mlp/ckpt_005.onnx"
  capture compare "$width" "$height" 60 "emergence-analyze compare models/digits-mlp/ckpt_001.onnx models/digits-mlp/ckpt_005.onnx"
  capture prune "$width" "$height" 60 "emergence-analyze prune models/digits-mlp/ckpt_005.onnx --amount 30% --out '$work/p.onnx'"
  capture watch "$width" "$height" 60 "emergence-analyze watch models/digits-mlp --every 0.1 --until leveling_off"
  capture inspect "$width" "$height" 60 "emergence-analyze inspect models/digits-lenet/ckpt_003.onnx"
  capture tensors "$width" "$height" 60 "emergence-analyze inspect models/digits-mlp/ckpt_005.onnx --tensors"
  capture mistake "$width" "$height" 30 "emergence-analyze models/digits-mlp --treshold 0.1"
  capture progress "$width" "$height" 6 "emergence-analyze models/digits-mlp --samples all"
  capture experiment "$width" "$height" 8 "emergence-train experiment cnn --quick --dataset digits --out '$work/cnn-$width'"
  capture training "$width" "$height" 8 "emergence-train train --dataset digits --epochs 20 --out '$work/run-$width'"
done
echo "$(ls "$out" | wc -l) captures in $out"
exit "$wrapped"
