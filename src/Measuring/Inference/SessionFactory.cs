using System.Collections.Immutable;
using Emergence.Checkpoints;
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

    private readonly GraphOptimizationLevel? optimization;
    private readonly int threads;

    private SessionFactory(Device device, GraphOptimizationLevel? optimization, int threads,
        ImmutableArray<Diagnostic> diagnostics)
    {
        Device = device;
        this.optimization = optimization;
        this.threads = threads;
        Diagnostics = diagnostics;
    }

    /// <summary>The device that models run on; never <see cref="Device.Auto"/>.</summary>
    public Device Device { get; }

    /// <summary>Why a device that is there was not chosen.</summary>
    public ImmutableArray<Diagnostic> Diagnostics { get; }

    /// <summary>Version of ONNX Runtime.</summary>
    public static string RuntimeVersion => Environment().GetVersionString();

    /// <summary>
    /// Chooses the device and tries it with a model of one node. <see cref="Device.Auto"/> takes a GPU where one works, else the
    /// CPU; a device asked for by name is never replaced by another.
    /// </summary>
    /// <exception cref="UsageException">More threads than any machine has.</exception>
    /// <exception cref="UserException">The device asked for cannot be used.</exception>
    public static SessionFactory Create(AnalysisSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Threads > MostThreads)
        {
            throw new UsageException(
                $"--threads {settings.Threads}: is more than {MostThreads}; give no more than the machine's "
                + $"{System.Environment.ProcessorCount} processors, or 0");
        }
        SessionFactory On(Device device, params ImmutableArray<Diagnostic> diagnostics) =>
            new(device, LevelOf(settings.Optimization), settings.Threads, diagnostics);

        switch (settings.Device)
        {
            case Device.Cpu:
                return On(Device.Cpu);
            case Device.Cuda:
                var cuda = On(Device.Cuda);
                return cuda.WhyUnusable() is { } reason
                    ? throw new UserException(
                        $"--device cuda: {reason}; use --device cpu, or a build with -p:OrtFlavor=gpu on a machine with a GPU")
                    : cuda;
            case Device.Auto:
                if (!HasCuda())
                    return On(Device.Cpu);
                return On(Device.Cuda).WhyUnusable() is { } unusable
                    ? On(Device.Cpu, Diagnostic.Note("--device auto", $"runs on the CPU: {unusable}"))
                    : On(Device.Cuda);
            default:
                throw new ArgumentOutOfRangeException(nameof(settings), settings.Device, "expected a defined device");
        }
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
        options.AddSessionConfigEntry(
            "session.model_external_initializers_file_folder_path", Path.GetDirectoryName(Path.GetFullPath(path)) ?? "");
        try
        {
            return new InferenceSession(ModelFile.Serialize(DeclaredShapes.Drop(model)), options);
        }
        catch (OnnxRuntimeException e)
        {
            throw RuntimeErrors.WhileLoading(path, e);
        }
    }

    private static OrtEnv Environment()
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
            // The processor count honours a container's share, which ONNX Runtime's own choice does not.
            IntraOpNumThreads = threads > 0 ? threads : System.Environment.ProcessorCount,
        };
        try
        {
            if (optimization is { } level)
                options.GraphOptimizationLevel = level;
            // Threads that spin between runs take the processor from everything else on a shared machine.
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
            options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
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
        if (Device != Device.Cuda)
            return;
        using var cuda = new OrtCUDAProviderOptions();
        // TF32 rounds products to 10 bits: enough to flip nodes near the threshold.
        cuda.UpdateOptions(new Dictionary<string, string> { ["use_tf32"] = "0" });
        options.AppendExecutionProvider_CUDA(cuda);
    }

    private static bool HasCuda() => Environment().GetAvailableProviders().Contains("CUDAExecutionProvider");

    /// <summary>Why this device cannot run even one node; null where it can.</summary>
    private string? WhyUnusable()
    {
        if (Device == Device.Cuda && !HasCuda())
            return "this build carries ONNX Runtime's CPU package, which has no CUDA";
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

    private static ModelProto OneNode()
    {
        var graph = new GraphBuilder("one");
        graph.Output(graph.Node("Relu", [graph.Input("x", DataType.Float, 1)]), DataType.Float, 1);
        return graph.Build(opset: 13, ir: 7, "emergence-analyze");
    }
}
