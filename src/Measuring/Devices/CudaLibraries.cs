using System.Collections.Immutable;

namespace Emergence.Measuring.Devices;

/// <summary>
/// The libraries that ONNX Runtime 1.31's CUDA provider is linked with, or loads when a model needs them (cuDNN for
/// convolutions, cuFFT for Fourier transforms). On Linux they are what <c>readelf -d libonnxruntime_providers_cuda.so</c> names.
/// </summary>
internal static class CudaLibraries
{
    /// <summary>The CUDA that the provider was built for.</summary>
    public const int Major = 13;

    private static readonly (string Linux, string Windows, string Part)[] OfCuda =
    [
        ("libcuda.so.1", "nvcuda.dll", Driver),
        ("libcudart.so.13", "cudart64_13.dll", Cuda),
        ("libcublasLt.so.13", "cublasLt64_13.dll", Cuda),
        ("libcublas.so.13", "cublas64_13.dll", Cuda),
        ("libcurand.so.10", "", Cuda),
        ("libcufft.so.12", "cufft64_12.dll", Cuda),
        ("libcudnn.so.9", "cudnn64_9.dll", Dnn),
    ];

    private static readonly (string Linux, string Windows, string Part)[] OfTensorRt =
    [
        .. OfCuda,
        ("libnvinfer.so.10", "nvinfer_10.dll", TensorRt),
        ("libnvonnxparser.so.10", "nvonnxparser_10.dll", TensorRt),
    ];

    private const string Driver = "the NVIDIA driver (in a container, start it with --gpus all)";
    private const string Cuda = "CUDA 13";
    private const string Dnn = "cuDNN 9 for CUDA 13";
    private const string TensorRt = "TensorRT 10 for CUDA 13";

    /// <summary>Those that are missing, and how to get them; null where none is.</summary>
    public static Refusal? Missing(Machine machine, bool withTensorRt)
    {
        var missing = (withTensorRt ? OfTensorRt : OfCuda)
            .Select(library => (File: machine.IsWindows ? library.Windows : library.Linux, library.Part))
            .Where(library => library.File.Length > 0 && !machine.Loads(library.File))
            .ToImmutableArray();
        if (missing.IsEmpty)
            return null;
        var files = Words([.. missing.Select(library => library.File)]);
        var parts = Words([.. missing.Select(library => library.Part).Distinct()]);
        return new($"{files} cannot be loaded", $"install {parts}, or use --device cpu");
    }

    private static string Words(ImmutableArray<string> words) => words.Length == 1
        ? words[0]
        : $"{string.Join(", ", words[..^1])} and {words[^1]}";
}

/// <summary>Why a device cannot be used, and what to do.</summary>
internal sealed record Refusal(string Finding, string Remedy);
