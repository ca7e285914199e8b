using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Measuring.Instrumentation;
using Emergence.Pruning;
using Emergence.Tracing;
using Emergence.Tracing.Rewriting;
using Microsoft.ML.OnnxRuntime;
using Onnx;

namespace Emergence.Analyzer.Tests.Fuzzing;

/// <summary>What an input is given to. Each ends, or throws <see cref="UserException"/>; anything else is a finding.</summary>
internal static class FuzzTargets
{
    private static readonly CountingOptions Counting = new()
    {
        Counters = [new Counter(CounterKind.Sum), new Counter(CounterKind.Max)],
        KeepOutputs = true,
    };

    /// <summary>Reads, traces, instruments and prunes a file; nothing is run.</summary>
    public static void Model(string path)
    {
        var checkpoint = Checkpoint.Open(path);
        Attempt(() =>
        {
            var prepared = ModelPreparation.Prepare(checkpoint);
            Instrumenter.Instrument(prepared.Model, LayerTracer.Trace(prepared, new TraceOptions()).Layers, Counting);
        });
        Attempt(() => LayerTracer.Trace(checkpoint, new TraceOptions { IncludeInput = true }));
        Attempt(() => Pruner.Prune(checkpoint, new PruneOptions { Amount = 0.5 }));
        Attempt(() => Pruner.Prune(checkpoint, new PruneOptions
        {
            Amount = 0.5,
            Structure = PruneStructure.Nodes,
            Shrink = true,
        }));
    }

    /// <summary>
    /// What ONNX Runtime runs is traced or refused in words, and its outputs do not change by a bit where counters are added.
    /// </summary>
    /// <returns>Whether outputs were compared.</returns>
    public static bool Run(string path)
    {
        var checkpoint = Checkpoint.Open(path);
        if (Outputs(checkpoint.Model, checkpoint.Model) is not { } before)
            return false;
        InstrumentedModel instrumented;
        try
        {
            var prepared = ModelPreparation.Prepare(checkpoint);
            var graph = LayerTracer.Trace(prepared, new TraceOptions());
            instrumented = Instrumenter.Instrument(prepared.Model, graph.Layers, Counting);
        }
        catch (UserException)
        {
            return false;
        }
        var after = Outputs(instrumented.Model, checkpoint.Model)
            ?? throw new InvalidOperationException("with counters the model does not run any more");
        for (var i = 0; i < before.Length; i++)
        {
            if (!before[i].AsSpan().SequenceEqual(after[i]))
                throw new InvalidOperationException($"with counters output {i} is another");
        }
        return true;
    }

    /// <summary>Reads a data file in every format.</summary>
    public static void Data(string path)
    {
        Attempt(() => NpyFile.Read(path));
        Attempt(() => IdxFile.Read(path));
        Attempt(() => TensorFile.Read(path));
        Attempt(() => CifarFile.Read([path]));
        Attempt(() => LabelFile.Read(path));
        Attempt(() => DataFormats.Of(path));
        Attempt(() =>
        {
            using var zip = NpzFile.Open(path);
            foreach (var name in zip.Names)
                zip.Read(name);
        });
        Attempt(() =>
        {
            var (height, width) = ImageFile.SizeOf(path);
            if ((long)height * width <= 1 << 20)
                ImageFile.Read(path, new ImageShape(1, height, width), new byte[height * width]);
        });
    }

    /// <summary>Each output's bytes on inputs of ones; null where ONNX Runtime refuses the model.</summary>
    private static byte[][]? Outputs(ModelProto model, ModelProto original)
    {
        using var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            IntraOpNumThreads = 1,
        };
        using var run = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        var feeds = new Dictionary<string, OrtValue>();
        try
        {
            using var session = new InferenceSession(ModelFile.Serialize(model), options);
            foreach (var (name, input) in session.InputMetadata)
            {
                if (input.ElementType != typeof(float) || input.Dimensions.Length > 5
                    || input.Dimensions.Any(size => size is 0 or > 16))
                    return null;
                long[] shape = [.. input.Dimensions.Select(size => Math.Max(1L, size))];
                var values = new float[shape.Aggregate(1L, (count, size) => count * size)];
                Array.Fill(values, 1);
                feeds.Add(name, OrtValue.CreateTensorValueFromMemory(values, shape));
            }
            using var results = session.Run(run, feeds, [.. original.Graph.Output.Select(output => output.Name)]);
            return [.. results.Select(Bytes)];
        }
        catch (OnnxRuntimeException)
        {
            return null;
        }
        finally
        {
            foreach (var feed in feeds.Values)
                feed.Dispose();
        }
    }

    private static byte[] Bytes(OrtValue value)
    {
        if (!value.IsTensor)
            return [];
        var shape = value.GetTensorTypeAndShape();
        return shape.ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.String
            ? System.Text.Encoding.UTF8.GetBytes(string.Join('\n', value.GetStringTensorAsArray()))
            : value.GetTensorMutableRawData().ToArray();
    }

    private static void Attempt(Action work)
    {
        try
        {
            work();
        }
        catch (UserException)
        {
        }
    }
}
