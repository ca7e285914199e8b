using System.Runtime.InteropServices;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using Microsoft.ML.OnnxRuntime;

namespace Emergence.Analyzer.Tests.Devices;

/// <summary>Devices on the machine that the tests run on, with the packages as they are.</summary>
public sealed class ThisMachineTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static bool HasCudaPackage =>
        SessionFactory.RuntimeVersion.Length > 0 && OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider");

    private static bool HasDriver => NativeLibrary.TryLoad(NvidiaDriver.Library, out _);

    [Fact]
    public void Without_the_package_cuda_is_refused_and_auto_is_the_cpu()
    {
        Assert.SkipWhen(HasCudaPackage, "this build has CUDA");
        Assert.Equal(
            "--device cuda: this build carries ONNX Runtime's CPU package, which has no CUDA; "
            + "use --device cpu, or a build with -p:OrtFlavor=gpu on a machine with a GPU", Refusal("cuda"));
        Assert.Equal(
            "--device TensorrtExecutionProvider: this build of ONNX Runtime has no such execution provider, but cpu; "
            + "name one of these, or the library that has it with --ep-library", Refusal("TensorrtExecutionProvider"));
        var auto = SessionFactory.Create(new AnalysisSettings());
        Assert.Equal(("cpu", "cpu, as this build carries ONNX Runtime's CPU package, which has no CUDA"),
            (auto.Device.ToString(), auto.Reason));
        Assert.Empty(auto.Diagnostics);
    }

    /// <summary>The names are those that the loader itself misses.</summary>
    [Fact]
    public void Without_a_driver_the_gpu_package_names_what_is_missing()
    {
        Assert.SkipUnless(HasCudaPackage, "this build has no CUDA; build with -p:OrtFlavor=gpu");
        Assert.SkipWhen(HasDriver, "this machine has an NVIDIA driver");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "libraries have other names here");
        const string Missing = "libcuda.so.1, libcudart.so.13, libcublasLt.so.13, libcublas.so.13, libcurand.so.10, "
            + "libcufft.so.12 and libcudnn.so.9 cannot be loaded";
        var refusal = Refusal("cuda");
        Assert.Equal($"--device cuda: {Missing}; install the NVIDIA driver (in a container, start it with --gpus all), CUDA 13 "
            + "and cuDNN 9 for CUDA 13, or use --device cpu", refusal);
        using var options = new SessionOptions();
        var e = Assert.Throws<OnnxRuntimeException>(() => options.AppendExecutionProvider_CUDA(0));
        Assert.Contains("libcublasLt.so.13: cannot open shared object file", e.Message, StringComparison.Ordinal);
        var auto = SessionFactory.Create(new AnalysisSettings());
        Assert.Equal(("cpu", $"cpu, as {Missing}"), (auto.Device.ToString(), auto.Reason));
        Assert.Equal($"--device auto: runs on cpu, as {Missing}", Assert.Single(auto.Diagnostics).ToString());
        Assert.Contains("libnvinfer.so.10", Refusal("TensorrtExecutionProvider"), StringComparison.Ordinal);
    }

    [Fact]
    public void Native_code_is_told_to_leave_TF32_before_it_loads()
    {
        Assert.SkipUnless(HasCudaPackage, "this build has no CUDA; build with -p:OrtFlavor=gpu");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "asks libc");
        SessionFactory.Create(new AnalysisSettings());
        Assert.Equal("0", Marshal.PtrToStringUTF8(GetEnvironmentVariable("NVIDIA_TF32_OVERRIDE")));
    }

    [Fact]
    public void A_library_that_is_none_of_execution_providers_is_refused()
    {
        var nothing = folder.Path("nothing.so");
        Assert.Equal(
            $"--ep-library {nothing}: no such file; name the library of an execution provider", Refusal("my_ep", nothing));
        var text = folder.Write("text.so", 1, 2, 3);
        Assert.StartsWith(
            $"--ep-library {text}: ONNX Runtime does not take it: ", Refusal("auto", text), StringComparison.Ordinal);
        const string Mathematics = "/lib/x86_64-linux-gnu/libm.so.6";
        Assert.SkipUnless(File.Exists(Mathematics), $"there is no {Mathematics}");
        Assert.Equal(
            $"--ep-library {Mathematics}: ONNX Runtime does not take it: Failed to get symbol CreateEpFactories with error: "
            + $"{Mathematics}: undefined symbol: CreateEpFactories; name a library of execution "
            + $"providers made for ONNX Runtime {SessionFactory.RuntimeVersion}", Refusal("my_ep", Mathematics));
    }

    public void Dispose() => folder.Dispose();

    private static string Refusal(string device, string? library = null) => Assert.Throws<UserException>(() =>
        SessionFactory.Create(new AnalysisSettings { Device = Device.Parse(device), ProviderLibrary = library })).Message;

    [DllImport("libc", EntryPoint = "getenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint GetEnvironmentVariable(string name);
}
