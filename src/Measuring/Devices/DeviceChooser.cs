using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Measuring.Settings;

namespace Emergence.Measuring.Devices;

/// <summary>The device that models run on, and why.</summary>
/// <param name="Device">Never <see cref="Device.Auto"/>.</param>
/// <param name="Reason">One line, without a full stop.</param>
/// <param name="WasChoice">Whether there was anything to choose from: a build for the CPU alone has no choice.</param>
internal sealed record ChosenDevice(Device Device, string Reason, bool WasChoice);

/// <summary>Decides which device models run on. A device that was asked for by name is never replaced by another.</summary>
internal static class DeviceChooser
{
    public const string CudaProvider = "CUDA" + Device.ProviderSuffix;
    public const string TensorRtProvider = "Tensorrt" + Device.ProviderSuffix;
    private const string CpuProvider = "CPU" + Device.ProviderSuffix;

    // CUDA's own context and the handles of cuBLAS and cuDNN; the model comes on top.
    private const long LeastMemory = 512L << 20;

    /// <summary>Chooses.</summary>
    /// <exception cref="UserException">The device asked for cannot be used; the message names what is missing.</exception>
    public static ChosenDevice Choose(Device asked, string? library, Machine machine)
    {
        if (asked == Device.Cpu && library is not null)
            throw new UsageException($"--ep-library {library}: is of no use with --device cpu; leave out one of them");
        if (asked == Device.Cpu)
            return new(Device.Cpu, "cpu was asked for", WasChoice: false);
        if (asked == Device.Auto)
            return library is null ? Best(machine) : OfLibrary(library, machine);
        ImmutableArray<Device> each = asked.Numbers.Length > 1 ? [.. asked.Numbers.Select(asked.Number)] : [asked];
        if (each.Select(device => WhyNot(device, library, machine)).FirstOrDefault(refusal => refusal is not null) is { } refusal)
            throw Refused(asked, refusal);
        return new(asked, $"{asked} was asked for", WasChoice: true);
    }

    /// <summary>What a runtime's own words come to, in ours.</summary>
    public static Refusal Explain(string words) => words switch
    {
        _ when IsShortOfMemory(words) =>
            new($"its memory does not suffice: {words}",
                "end other programs on it, choose a smaller --batch, or use --device cpu"),
        _ when IsIncomplete(words) => new($"cuDNN cannot load all of its libraries: {words}", WholeCuDnn),
        _ when Has(words, "no kernel image", "CUDNN_STATUS_ARCH_MISMATCH") =>
            new($"ONNX Runtime was not built for this GPU: {words}", "use a newer GPU, or --device cpu"),
        _ when Has(words, "cannot open shared object", "Failed to load", "LoadLibrary failed") =>
            new($"a library cannot be loaded: {words}", "install what it names (docs/devices.md), or use --device cpu"),
        _ => new($"ONNX Runtime cannot use it: {words}", "see docs/devices.md, or use --device cpu"),
    };

    /// <summary>Whether a runtime's words are those of a device without memory left.</summary>
    public static bool IsShortOfMemory(string words) =>
        Has(words, "out of memory", "Failed to allocate memory", "CUBLAS_STATUS_ALLOC_FAILED");

    /// <summary>What to do about a run that failed on the device's side, by a runtime's words; null where they do not tell.
    /// </summary>
    public static string? RemedyOf(string words) =>
        IsShortOfMemory(words) ? "choose a smaller --batch, or use --device cpu"
        : IsIncomplete(words) ? WholeCuDnn
        : Has(words, "CUDA failure", "CUDNN failure", "CUBLAS failure", "CUFFT failure")
            ? "see docs/devices.md, or use --device cpu"
        : null;

    private const string WholeCuDnn =
        "install all of cuDNN 9 for CUDA 13, with its libcudnn_* libraries, where the loader looks, or use --device cpu";

    private static bool IsIncomplete(string words) => Has(words, "SUBLIBRARY");

    private static ChosenDevice Best(Machine machine)
    {
        if (!machine.Providers.Contains(CudaProvider))
            return new(Device.Cpu, $"cpu, as {NoCuda}", WasChoice: false);
        return WhyNotCuda(Device.Cuda, machine) is { } refusal
            ? new(Device.Cpu, $"cpu, as {refusal.Finding}", WasChoice: true)
            : new(Device.Cuda.Number(0), $"cuda:0, as {machine.Driver(0).Cards[0].Name} works", WasChoice: true);
    }

    private static ChosenDevice OfLibrary(string library, Machine machine)
    {
        if (machine.LibraryDevices() is not [var provider, ..])
            throw new UserException(
                $"--ep-library {library}: finds no device that it could use; use another machine, or leave the option out");
        var device = Device.Parse(provider);
        return WhyNot(device, library, machine) is { } refusal
            ? throw Refused(device, refusal)
            : new(device, $"{device}, the provider of --ep-library", WasChoice: true);
    }

    private const string NoCuda = "this build carries ONNX Runtime's CPU package, which has no CUDA";

    private static Refusal? WhyNot(Device asked, string? library, Machine machine) =>
        asked.Name == Device.Cuda.Name ? WhyNotCuda(asked, machine) : WhyNotProvider(asked, library, machine);

    private static Refusal? WhyNotCuda(Device asked, Machine machine) =>
        !machine.Providers.Contains(CudaProvider)
            ? new(NoCuda, "use --device cpu, or a build with -p:OrtFlavor=gpu on a machine with a GPU")
            : CudaLibraries.Missing(machine, withTensorRt: false)
                ?? WhyNotCard(NumberOf(asked), machine.Driver(NumberOf(asked)))
                ?? (machine.Try(asked) is { } words ? Explain(words) : null);

    private static int NumberOf(Device device) => device.Numbers is [var first, ..] ? first : 0;

    private static Refusal? WhyNotCard(int number, CudaDriver driver)
    {
        const string OrCpu = "or use --device cpu";
        if (driver.Failure is { } failure)
            return new($"the NVIDIA driver does not start: {failure}", $"check nvidia-smi, {OrCpu}");
        if (driver.Version < CudaLibraries.Major * 1000)
            return new(
                string.Create(CultureInfo.InvariantCulture,
                    $"the NVIDIA driver is for CUDA {driver.Version / 1000}.{driver.Version % 1000 / 10}, and ONNX Runtime for "
                    + $"CUDA {CudaLibraries.Major}"),
                $"update the driver, {OrCpu}");
        if (driver.Cards.IsEmpty)
            return new("the NVIDIA driver finds no GPU", $"check nvidia-smi and CUDA_VISIBLE_DEVICES, {OrCpu}");
        if (number >= driver.Cards.Length)
            return new(
                string.Create(CultureInfo.InvariantCulture, $"there is no GPU {number}"),
                driver.Cards.Length == 1 ? "the only one is cuda:0" : $"there are cuda:0 to cuda:{driver.Cards.Length - 1}");
        return driver.Cards[number] is { Free: < LeastMemory and var free } card
            ? new(
                string.Create(CultureInfo.InvariantCulture,
                    $"GPU {number} ({card.Name}) has {free >> 20:N0} of {card.Total >> 20:N0} MiB free, and CUDA alone takes "
                    + $"about {LeastMemory >> 20}"),
                $"end other programs on it, choose another GPU, {OrCpu}")
            : null;
    }

    private static Refusal? WhyNotProvider(Device asked, string? library, Machine machine)
    {
        if (library is not null && machine.LibraryDevices() is var devices && devices.Contains(asked.Name))
        {
            var count = devices.Count(device => device == asked.Name);
            if (asked.Numbers is [var number, ..] && number >= count)
                return new(
                    string.Create(
                        CultureInfo.InvariantCulture, $"it has {count} device{(count == 1 ? "" : "s")}, counted from 0"),
                    $"choose one of them, as in {asked.Name}:0");
        }
        else if (!machine.Providers.Contains(asked.Name))
            return new(
                $"{Offered(library, machine)}", "name one of these, or the library that has it with --ep-library");
        else if (asked.Name == TensorRtProvider && CudaLibraries.Missing(machine, withTensorRt: true) is { } missing)
            return missing;
        return machine.Try(asked) is { } words ? Explain(words) : null;
    }

    private static string Offered(string? library, Machine machine)
    {
        var own = string.Join(", ", machine.Providers.Select(provider => provider == CpuProvider ? Device.Cpu.Name
            : provider == CudaProvider ? Device.Cuda.Name : provider));
        if (library is null)
            return $"this build of ONNX Runtime has no such execution provider, but {own}";
        var others = machine.LibraryDevices().Distinct().ToImmutableArray();
        return $"this build of ONNX Runtime has no such execution provider, but {own}, and {library} "
            + (others.IsEmpty ? "finds no device" : $"has {string.Join(", ", others)}");
    }

    private static bool Has(string words, params ReadOnlySpan<string> parts)
    {
        foreach (var part in parts)
        {
            if (words.Contains(part, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    private static UserException Refused(Device device, Refusal refusal) =>
        new($"--device {device}: {refusal.Finding}; {refusal.Remedy}");
}
