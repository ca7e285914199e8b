using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Settings;
using Microsoft.ML.OnnxRuntime;

namespace Emergence.Measuring.Inference;

/// <summary>A library with execution providers of ONNX Runtime the user named. It stays loaded.</summary>
internal sealed class ProviderLibrary
{
    private static readonly Dictionary<string, ProviderLibrary> Loaded = new(StringComparer.Ordinal);

    private readonly ImmutableArray<OrtEpDevice> devices;

    private ProviderLibrary(ImmutableArray<OrtEpDevice> devices)
    {
        this.devices = devices;
        Providers = [.. devices.Select(device => device.EpName)];
    }

    /// <summary>The provider of each of its devices.</summary>
    public ImmutableArray<string> Providers { get; }

    /// <summary>Loads a library, which runs its code.</summary>
    /// <exception cref="UserException">It is not there, or no library of execution providers.</exception>
    public static ProviderLibrary Load(OrtEnv environment, string path)
    {
        var full = Path.GetFullPath(path);
        lock (Loaded)
        {
            if (Loaded.TryGetValue(full, out var known))
                return known;
            if (!File.Exists(full))
                throw new UserException($"--ep-library {path}: no such file; name the library of an execution provider");
            var before = environment.GetEpDevices().Select(device => device.EpName).ToHashSet(StringComparer.Ordinal);
            try
            {
                environment.RegisterExecutionProviderLibrary(full, full);
            }
            catch (OnnxRuntimeException e)
            {
                throw new UserException(
                    $"--ep-library {path}: ONNX Runtime does not take it: {RuntimeErrors.OneLine(e)}; name a library of "
                    + $"execution providers made for ONNX Runtime {environment.GetVersionString()}", e);
            }
            return Loaded[full] = new ProviderLibrary(
                [.. environment.GetEpDevices().Where(device => !before.Contains(device.EpName))]);
        }
    }

    /// <summary>The device of this name and number.</summary>
    public OrtEpDevice Device(Device device) =>
        devices.Where(each => each.EpName == device.Name).ElementAt(device.Numbers is [var number, ..] ? number : 0);
}
