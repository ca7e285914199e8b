#!/usr/bin/env bash
# Packs the device check for a machine with an NVIDIA GPU, and with no .NET and no network: self-contained, with the GPU flavour.
#
#   tests/Devices/pack.sh OUT     writes OUT/device-check.tar.gz.*, in parts below 60 MB, and OUT/run.sh
#
# There: ./run.sh [--samples N] [--device NAME]… [MODEL…] unpacks beside itself, runs the check and prints a table. It exits with
# 0 where every device agrees with the CPU on every node that is not borderline. CUDA 13, cuDNN 9 and the driver are the machine's:
# what is missing is named, and the rows of the CPU are printed all the same.
set -euo pipefail
out=${1:?name a folder for the parts}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet publish "$here/tests/Devices" -c Release -r linux-x64 --self-contained -p:OrtFlavor=gpu \
  -p:NuGetLockFilePath=obj/publish.lock.json -p:DebugType=none -o "$work/device-check" -v q -nologo
# The package brings what it has for Windows as well.
rm -f "$work"/device-check/onnxruntime*.dll "$work"/device-check/onnxruntime*.lib "$out"/device-check.tar.gz.*
tar -C "$work" -cz device-check | split -b 59000000 -d - "$out/device-check.tar.gz."
cat > "$out/run.sh" << 'RUN'
#!/usr/bin/env bash
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ -x $here/device-check/device-check ]] || cat "$here"/device-check.tar.gz.* | tar -C "$here" -xz
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2> /dev/null || echo "nvidia-smi finds no GPU"
exec "$here/device-check/device-check" "$@"
RUN
chmod +x "$out/run.sh"
ls -l "$out"
