using System.Collections.Immutable;

namespace Emergence.Measuring.Devices;

/// <summary>What a machine and this build of ONNX Runtime offer. Each is asked for only when it matters, in this order.</summary>
/// <param name="IsWindows">Whether libraries have the names that they have on Windows.</param>
/// <param name="Providers">The execution providers that the build was made with.</param>
/// <param name="Loads">Whether the system finds a library.</param>
/// <param name="Driver">The NVIDIA driver and its GPUs, told which of them is meant.</param>
/// <param name="LibraryDevices">
/// The provider of each device that a library of the user's offers; empty without one. Throws what the library is not.
/// </param>
/// <param name="Try">Runs one node on a device; null, or the runtime's words where it fails.</param>
internal sealed record Machine(
    bool IsWindows, ImmutableArray<string> Providers, Func<string, bool> Loads, Func<int, CudaDriver> Driver,
    Func<ImmutableArray<string>> LibraryDevices, Func<Settings.Device, string?> Try);

/// <summary>The NVIDIA driver, as it answers.</summary>
/// <param name="Version">The newest CUDA that it runs, as 1000 × major + 10 × minor.</param>
/// <param name="Failure">Its own words, where it does not start.</param>
/// <param name="Cards">The GPUs, in its order.</param>
internal sealed record CudaDriver(int Version, string? Failure, ImmutableArray<CudaCard> Cards);

/// <summary>One GPU.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Total">Bytes of memory.</param>
/// <param name="Free">Bytes that are free; null where that was not asked, or the driver does not tell.</param>
internal sealed record CudaCard(string Name, long Total, long? Free);
