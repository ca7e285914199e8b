using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Tests.Devices;

/// <summary>What is chosen, and each refusal word for word, on machines that are faked fact by fact.</summary>
public class DeviceChooserTests
{
    private const long Gibibyte = 1L << 30;

    private readonly List<string> asked = [];
    private ImmutableArray<string> providers = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"];
    private ImmutableArray<string> missing = [];
    private ImmutableArray<string> offered = [];
    private CudaDriver driver =
        new(13010, null, [new("Card A", 24 * Gibibyte, 20 * Gibibyte), new("Card B", 24 * Gibibyte, null)]);
    private string? words;
    private bool isWindows;

    [Fact]
    public void Auto_takes_a_gpu_that_works()
    {
        var chosen = DeviceChooser.Choose(Device.Auto, null, Machine());
        Assert.Equal(("cuda:0", "cuda:0, as Card A works", true), (chosen.Device.ToString(), chosen.Reason, chosen.WasChoice));
    }

    [Fact]
    public void Auto_says_why_it_takes_the_cpu()
    {
        missing = ["libcuda.so.1", "libcudnn.so.9"];
        var chosen = DeviceChooser.Choose(Device.Auto, null, Machine());
        Assert.Equal(("cpu", "cpu, as libcuda.so.1 and libcudnn.so.9 cannot be loaded", true),
            (chosen.Device.ToString(), chosen.Reason, chosen.WasChoice));
        (missing, driver) = ([], driver with { Cards = [] });
        Assert.Equal("cpu, as the NVIDIA driver finds no GPU", DeviceChooser.Choose(Device.Auto, null, Machine()).Reason);
        providers = ["CPUExecutionProvider"];
        chosen = DeviceChooser.Choose(Device.Auto, null, Machine());
        Assert.Equal(("cpu, as this build carries ONNX Runtime's CPU package, which has no CUDA", false),
            (chosen.Reason, chosen.WasChoice));
    }

    [Fact]
    public void The_cpu_asks_for_nothing()
    {
        Assert.Equal("cpu was asked for", DeviceChooser.Choose(Device.Cpu, null, Machine()).Reason);
        Assert.Empty(asked);
    }

    /// <summary>So that nothing is loaded for nothing, and the first thing that is missing is named.</summary>
    [Fact]
    public void What_is_cheap_is_asked_first()
    {
        DeviceChooser.Choose(Device.Cuda, null, Machine());
        Assert.Equal(
            ["libcuda.so.1", "libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "libcurand.so.10", "libcufft.so.12",
                "libcudnn.so.9", "driver of 0", "run on cuda"], asked);
        asked.Clear();
        missing = ["libcudart.so.13"];
        Refuses("cuda", "libcudart.so.13 cannot be loaded; install CUDA 13, or use --device cpu");
        Assert.DoesNotContain("driver of 0", asked);
        asked.Clear();
        providers = ["CPUExecutionProvider"];
        Refuses("cuda", "this build carries ONNX Runtime's CPU package, which has no CUDA; use --device cpu, or a build with "
            + "-p:OrtFlavor=gpu on a machine with a GPU");
        Assert.Empty(asked);
    }

    [Theory]
    [InlineData("libcuda.so.1",
        "libcuda.so.1 cannot be loaded; install the NVIDIA driver (in a container, start it with --gpus all), or use --device "
        + "cpu")]
    [InlineData("libcudart.so.13", "libcudart.so.13 cannot be loaded; install CUDA 13, or use --device cpu")]
    [InlineData("libcublas.so.13", "libcublas.so.13 cannot be loaded; install CUDA 13, or use --device cpu")]
    [InlineData("libcublasLt.so.13", "libcublasLt.so.13 cannot be loaded; install CUDA 13, or use --device cpu")]
    [InlineData("libcufft.so.12", "libcufft.so.12 cannot be loaded; install CUDA 13, or use --device cpu")]
    [InlineData("libcudnn.so.9", "libcudnn.so.9 cannot be loaded; install cuDNN 9 for CUDA 13, or use --device cpu")]
    [InlineData("libcublas.so.13 libcufft.so.12 libcudnn.so.9",
        "libcublas.so.13, libcufft.so.12 and libcudnn.so.9 cannot be loaded; install CUDA 13 and cuDNN 9 for CUDA 13, or use "
        + "--device cpu")]
    public void A_library_that_is_missing_is_named(string files, string finding)
    {
        missing = [.. files.Split(' ')];
        Refuses("cuda", finding);
    }

    [Fact]
    public void On_Windows_libraries_have_other_names()
    {
        (isWindows, missing) = (true, ["nvcuda.dll", "cudnn64_9.dll"]);
        Refuses("cuda", "nvcuda.dll and cudnn64_9.dll cannot be loaded; install the NVIDIA driver (in a container, start it with "
            + "--gpus all) and cuDNN 9 for CUDA 13, or use --device cpu");
        Assert.DoesNotContain(asked, name => name.Contains(".so", StringComparison.Ordinal));
    }

    [Fact]
    public void A_driver_that_does_not_serve_is_named()
    {
        driver = new(13000, "unknown error (999)", []);
        Refuses("cuda", "the NVIDIA driver does not start: unknown error (999); check nvidia-smi, or use --device cpu");
        driver = new(12040, null, [new("Card A", Gibibyte, null)]);
        Refuses("cuda",
            "the NVIDIA driver is for CUDA 12.4, and ONNX Runtime for CUDA 13; update the driver, or use --device cpu");
        driver = new(13000, null, []);
        Refuses("cuda",
            "the NVIDIA driver finds no GPU; check nvidia-smi and CUDA_VISIBLE_DEVICES, or use --device cpu");
    }

    [Fact]
    public void A_number_must_be_that_of_a_gpu()
    {
        Refuses("cuda:2", "there is no GPU 2; there are cuda:0 to cuda:1");
        Assert.Equal("cuda:1", DeviceChooser.Choose(Device.Parse("cuda:1"), null, Machine()).Device.ToString());
        Assert.Contains("driver of 1", asked);
        asked.Clear();
        Assert.Equal("cuda:0,1", DeviceChooser.Choose(Device.Parse("cuda:0,1"), null, Machine()).Device.ToString());
        Assert.Contains("driver of 0", asked);
        Assert.Contains("driver of 1", asked);
        Refuses("cuda:1,2", "there is no GPU 2; there are cuda:0 to cuda:1");
        driver = driver with { Cards = driver.Cards[..1] };
        Refuses("cuda:1", "there is no GPU 1; the only one is cuda:0");
        Refuses("cuda:0,1", "there is no GPU 1; the only one is cuda:0");
    }

    [Fact]
    public void A_gpu_without_memory_is_refused()
    {
        driver = driver with { Cards = [new("Card A", 24 * Gibibyte, 100 << 20)] };
        Refuses("cuda", "GPU 0 (Card A) has 100 of 24,576 MiB free, and CUDA alone takes about 512; end other programs on it, "
            + "choose another GPU, or use --device cpu");
    }

    [Theory]
    [InlineData("CUDA failure 2: out of memory ; GPU=0",
        "its memory does not suffice: CUDA failure 2: out of memory ; GPU=0; end other programs on it, choose a smaller --batch, "
        + "or use --device cpu")]
    [InlineData("CUDA failure 209: no kernel image is available for execution on the device",
        "ONNX Runtime was not built for this GPU: CUDA failure 209: no kernel image is available for execution on the device; "
        + "use a newer GPU, or --device cpu")]
    [InlineData("Failed to load library p.so with error: libz.so.9: cannot open shared object file",
        "a library cannot be loaded: Failed to load library p.so with error: libz.so.9: cannot open shared object file; install "
        + "what it names (docs/devices.md), or use --device cpu")]
    [InlineData("CUDNN failure 3009: CUDNN_STATUS_NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE",
        "cuDNN cannot load all of its libraries: CUDNN failure 3009: CUDNN_STATUS_NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE; install "
        + "all of cuDNN 9 for CUDA 13, with its libcudnn_* libraries, where the loader looks, or use --device cpu")]
    [InlineData("something else", "ONNX Runtime cannot use it: something else; see docs/devices.md, or use --device cpu")]
    public void What_the_runtime_says_is_passed_on(string said, string finding)
    {
        words = said;
        Refuses("cuda", finding);
    }

    [Theory]
    [InlineData("CUDA failure 2: out of memory", "choose a smaller --batch, or use --device cpu")]
    [InlineData("Failed to allocate memory for requested buffer of size 8", "choose a smaller --batch, or use --device cpu")]
    [InlineData("CUDNN failure 3009: CUDNN_STATUS_NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE",
        "install all of cuDNN 9 for CUDA 13, with its libcudnn_* libraries, where the loader looks, or use --device cpu")]
    [InlineData("CUDA failure 700: an illegal memory access was encountered", "see docs/devices.md, or use --device cpu")]
    [InlineData("Invalid dimension", null)]
    public void A_run_that_fails_on_the_device_says_what_to_do(string words, string? remedy) =>
        Assert.Equal(remedy, DeviceChooser.RemedyOf(words));

    [Fact]
    public void A_provider_must_be_in_the_build_or_in_the_library()
    {
        Refuses("QNNExecutionProvider", "this build of ONNX Runtime has no such execution provider, but "
            + "TensorrtExecutionProvider, cuda, cpu; name one of these, or the library that has it with --ep-library");
        offered = ["my_ep", "my_ep"];
        Refuses("other_ep", "this build of ONNX Runtime has no such execution provider, but TensorrtExecutionProvider, cuda, "
            + "cpu, and p.so has my_ep; name one of these, or the library that has it with --ep-library", "p.so");
        Refuses("my_ep:2", "it has 2 devices, counted from 0; choose one of them, as in my_ep:0", "p.so");
        Assert.Equal("my_ep:1", DeviceChooser.Choose(Device.Parse("my_ep:1"), "p.so", Machine()).Device.ToString());
        Assert.Equal("my_ep, the provider of --ep-library", DeviceChooser.Choose(Device.Auto, "p.so", Machine()).Reason);
        offered = [];
        var e = Assert.Throws<UserException>(() => DeviceChooser.Choose(Device.Auto, "p.so", Machine()));
        Assert.Equal(
            "--ep-library p.so: finds no device that it could use; use another machine, or leave the option out", e.Message);
        e = Assert.Throws<UsageException>(() => DeviceChooser.Choose(Device.Cpu, "p.so", Machine()));
        Assert.Equal("--ep-library p.so: is of no use with --device cpu; leave out one of them", e.Message);
    }

    [Fact]
    public void TensorRT_needs_libraries_of_its_own()
    {
        missing = ["libnvinfer.so.10", "libnvonnxparser.so.10"];
        Refuses("TensorrtExecutionProvider", "libnvinfer.so.10 and libnvonnxparser.so.10 cannot be loaded; install TensorRT 10 "
            + "for CUDA 13, or use --device cpu");
        Assert.Equal("cuda", DeviceChooser.Choose(Device.Cuda, null, Machine()).Device.ToString());
    }

    private void Refuses(string device, string finding, string? library = null)
    {
        var e = Assert.Throws<UserException>(() => DeviceChooser.Choose(Device.Parse(device), library, Machine()));
        Assert.Equal($"--device {device}: {finding}", e.Message);
    }

    private Machine Machine() => new(
        isWindows, providers,
        name => { asked.Add(name); return !missing.Contains(name); },
        number => { asked.Add($"driver of {number}"); return driver; },
        () => offered,
        device => { asked.Add($"run on {device}"); return words; });
}
