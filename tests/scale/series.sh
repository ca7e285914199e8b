# Makes a long series of the sample checkpoints, to be sourced: make_series FOLDER COUNT
# Each copy has a line of metadata of its own (field 14 of ModelProto: key "copy", value its number), so another content.
make_series() {
  local models=("$root"/models/digits-mlp/*.onnx) i
  mkdir -p "$1"
  for ((i = 0; i < $2; i++)); do
    { cat "${models[i % ${#models[@]}]}"; printf '\x72\x0c\x0a\x04copy\x12\x04%04d' "$i"; } >"$1/copy-$(printf %04d "$i").onnx"
  done
}
