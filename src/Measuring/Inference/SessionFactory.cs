using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Settings;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Inference;

/// <summary>Opens models on one device with one set of options. To add a device: one arm in <see cref="Append"/>.</summary>
public sealed class SessionFactory
{
    // The largest machines have some hundred processors; starting tens of thousands of threads would never end.
    private const int MostThreads = 1024;

    // From here on what one thread does between two runs, feeding samples and adding up counters, keeps the others waiting.
    private const int ManyThreads = 4;

    // CUDA, cuBLAS and cuDNN take about 1 GiB, and runs are larger, of which several are in memory at a time.
    private const long LibrariesOfDevice = 4L << 30;

    private static readonly Lock Creating = new();

    private readonly AnalysisSettings settings;
    private readonly ChosenDevice chosen;
    private readonly ProviderLibrary? library;

    private SessionFactory(ChosenDevice chosen, AnalysisSettings settings, ProviderLibrary? library)
    {
        (this.chosen, this.settings, this.library) = (chosen, settings, library);
        IsExplicit = settings.Device != Device.Auto;
        Diagnostics = chosen.WasChoice && !IsExplicit ? [Diagnostic.Note("--device auto", $"runs on {chosen.Reason}")] : [];
        Budget = IsNvidia ? RunBudget.Gpu : RunBudget.Processor;
        // CUDA reads pinned memory directly, and copies from it while it computes.
        Binding = !IsElsewhere ? (Threads >= ManyThreads ? new(InFlight: 2, null) : null)
            : new(InFlight: 2, Device.Name == Device.Cuda.Name
                ? new OrtMemoryInfo(OrtMemoryInfo.allocatorCUDA_PINNED, OrtAllocatorType.DeviceAllocator, 0, OrtMemType.CpuOutput)
                : null);
    }

    /// <summary>The device that models run on; never <see cref="Device.Auto"/>.</summary>
    public Device Device => chosen.Device;

    /// <summary>Why it is that one: one line.</summary>
    public string Reason => chosen.Reason;

    /// <summary>What was chosen, where there was a choice.</summary>
    public ImmutableArray<Diagnostic> Diagnostics { get; }

    /// <summary>Whether the device was asked for by name, so that no layer may run on another.</summary>
    internal bool IsExplicit { get; }

    /// <summary>Threads for each run: as many as asked for, or as there are processors.</summary>
    // The processor count honors a container's share, which ONNX Runtime's own choice does not.
    public int Threads => settings.Threads > 0 ? settings.Threads : System.Environment.ProcessorCount;

    /// <summary>Whether data have to be copied to where models run.</summary>
    internal bool IsElsewhere => Device != Device.Cpu;

    /// <summary>Bytes of this machine's memory that the device's libraries may take, whatever the model; 0 on the CPU.</summary>
    public long HostMemory => IsElsewhere ? LibrariesOfDevice : 0;

    /// <summary>How large a run may be where the user does not say.</summary>
    internal RunBudget Budget { get; private init; }

    private bool IsNvidia => Device.Name == Device.Cuda.Name || Device.Name == DeviceChooser.TensorRtProvider;

    /// <summary>Bytes of the device's own memory that are free now; null where that is not known.</summary>
    public long? FreeMemory => IsNvidia ? NvidiaDriver.Ask(Number).Cards[Number].Free : null;

    /// <summary>How inputs and outputs are bound, for two runs at a time; null on the CPU with few threads, where there is
    /// nothing to copy and each run has work for all of them.</summary>
    internal Binding? Binding { get; private init; }

    /// <summary>The same device with another number of threads for each run.</summary>
    public SessionFactory WithThreads(int threads) =>
        threads == Threads ? this : new(chosen, settings with { Threads = threads }, library);

    /// <summary>The same device with inputs and outputs bound as on another one, and with runs as on it.</summary>
    /// <param name="inFlight">Runs at a time.</param>
    /// <param name="budget">How large they may be; null: as on this device.</param>
    internal SessionFactory Bound(int inFlight, RunBudget? budget = null) =>
        new(chosen, settings, library) { Binding = new(inFlight, null), Budget = budget ?? Budget };

    /// <summary>Version of ONNX Runtime.</summary>
    public static string RuntimeVersion => Environment().GetVersionString();

    /// <summary>
    /// Chooses the device and tries it with a model of one node. <see cref="Device.Auto"/> takes a GPU where one works, else the
    /// CPU; a device asked for by name is never replaced by another.
    /// </summary>
    /// <exception cref="UsageException">More threads than any machine has, or options that do not go together.</exception>
    /// <exception cref="UserException">The device asked for cannot be used; the message names what is missing.</exception>
    public static SessionFactory Create(AnalysisSettings settings) => CreateEach(settings) is [var only]
        ? only
        : throw new UserException(
            $"--device {settings.Device}: only the checkpoints of a series are spread over several GPUs; name one, as in "
            + $"{settings.Device.Name}:{settings.Device.Numbers[0]}");

    /// <summary>The same for each device of those that are asked for by their numbers, as in <c>cuda:0,1</c>.</summary>
    /// <inheritdoc cref="Create" path="/exception"/>
    public static ImmutableArray<SessionFactory> CreateEach(AnalysisSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Threads > MostThreads)
        {
            throw new UsageException(
                $"--threads {settings.Threads}: is more than {MostThreads}; give no more than the machine's "
                + $"{System.Environment.ProcessorCount} processors, or 0");
        }
        var providers = settings.Device == Device.Cpu ? [] : Environment().GetAvailableProviders();
        if (providers.Contains(DeviceChooser.CudaProvider) || settings.ProviderLibrary is not null)
            NativeEnvironment.ForbidTf32();
        var library = settings.ProviderLibrary is { } path && settings.Device != Device.Cpu
            ? ProviderLibrary.Load(Environment(), path)
            : null;
        SessionFactory On(ChosenDevice chosen) => new(chosen, settings, library);
        var machine = new Machine(
            OperatingSystem.IsWindows(), [.. providers], name => NativeLibrary.TryLoad(name, out _), NvidiaDriver.Ask,
            () => library?.Providers ?? [], device => On(new(device, "", false)).WhyUnusable());
        var chosen = DeviceChooser.Choose(settings.Device, settings.ProviderLibrary, machine);
        return chosen.Device.Numbers.Length <= 1
            ? [On(chosen)]
            : [.. chosen.Device.Numbers.Select(number => On(chosen with { Device = chosen.Device.Number(number) }))];
    }

    /// <summary>Opens a model that may have been changed since it was read, without the shapes that it declares.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file it came from: external data is looked for beside it, and errors name it.</param>
    /// <exception cref="UserException">ONNX Runtime does not take the model.</exception>
    internal InferenceSession Open(ModelProto model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        Environment();
        using var options = Options();
        try
        {
            model = DeclaredShapes.Drop(model);
            var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "";
            var bytes = ModelFile.SerializeInPlace(IsElsewhere ? Named(model) : model, ref folder);
            options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", folder);
            return new InferenceSession(bytes, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw RuntimeErrors.WhileLoading(path, e);
        }
    }

    private static OrtEnv Environment()
    {
        lock (Creating)
        {
            // Whatever goes wrong comes back as an exception; a log of it on stderr would say it twice.
            if (!OrtEnv.IsCreated)
            {
                var options =
                    new EnvironmentCreationOptions { logId = "emergence", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
                OrtEnv.CreateInstanceWithOptions(ref options);
            }
            return OrtEnv.Instance();
        }
    }

    private static GraphOptimizationLevel? LevelOf(Optimization optimization) => optimization switch
    {
        Optimization.Default => null,
        Optimization.None => GraphOptimizationLevel.ORT_DISABLE_ALL,
        Optimization.Basic => GraphOptimizationLevel.ORT_ENABLE_BASIC,
        Optimization.All => GraphOptimizationLevel.ORT_ENABLE_ALL,
        _ => throw new ArgumentOutOfRangeException(nameof(optimization), optimization, "expected a defined level"),
    };

    private SessionOptions Options()
    {
        var options = new SessionOptions
        {
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            IntraOpNumThreads = Threads,
        };
        try
        {
            if (LevelOf(settings.Optimization) is { } level)
                options.GraphOptimizationLevel = level;
            // Threads that spin between runs take the processor from everything else on a shared machine.
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
            options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
            // A product by dequantized weights becomes MatMulNBits, which by default rounds the activations to 8 bits too:
            // enough to flip nodes. Level 1 leaves them in float32.
            options.AddSessionConfigEntry("session.qdq_matmulnbits_accuracy_level", "1");
            options.AddSessionConfigEntry(NodePlacement.Option, "1");
            Append(options);
            return options;
        }
        catch
        {
            options.Dispose();
            throw;
        }
    }

    private void Append(SessionOptions options)
    {
        if (!IsElsewhere)
            return;
        options.AddSessionConfigEntry("session.use_deterministic_compute", "1");
        if (library is not null && library.Providers.Contains(Device.Name))
            options.AppendExecutionProvider(Environment(), [library.Device(Device)], new Dictionary<string, string>());
        else if (Device.Name == Device.Cuda.Name)
            AppendCuda(options);
        else if (Device.Name == DeviceChooser.TensorRtProvider)
        {
            options.AppendExecutionProvider_Tensorrt(Number);
            // For what TensorRT does not take.
            AppendCuda(options);
        }
        else
            options.AppendExecutionProvider(Device.Name, []);
    }

    private int Number => Device.Numbers is [var number, ..] ? number : 0;

    private void AppendCuda(SessionOptions options)
    {
        using var cuda = new OrtCUDAProviderOptions();
        cuda.UpdateOptions(new Dictionary<string, string>
        {
            ["device_id"] = Number.ToString(CultureInfo.InvariantCulture),
            // TF32 rounds products to 10 bits: enough to flip nodes near the threshold.
            ["use_tf32"] = "0",
            // The default tries all algorithms and takes what was fastest just then: another one in another run.
            ["cudnn_conv_algo_search"] = "HEURISTIC",
        });
        options.AppendExecutionProvider_CUDA(cuda);
    }

    /// <summary>Why this device cannot run even one node; null where it can.</summary>
    private string? WhyUnusable()
    {
        try
        {
            using var options = Options();
            using var session = new InferenceSession(ModelFile.Serialize(OneNode()), options);
            return null;
        }
        catch (OnnxRuntimeException e)
        {
            return RuntimeErrors.OneLine(e);
        }
    }

    /// <summary>A copy of the model in which each node has a name, so that the runtime can say where it runs.</summary>
    private static ModelProto Named(ModelProto model)
    {
        model = model.Clone();
        foreach (var node in model.Graph.Node.Where(node => node.Name.Length == 0 && node.Output.Count > 0))
            node.Name = node.Output[0];
        return model;
    }

    private static ModelProto OneNode()
    {
        var graph = new GraphBuilder("one");
        graph.Output(graph.Node("Relu", [graph.Input("x", DataType.Float, 1)]), DataType.Float, 1);
        return graph.Build(opset: 13, ir: 7, "emergence-analyze");
    }
}
