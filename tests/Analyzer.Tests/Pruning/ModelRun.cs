using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using Emergence.Testing;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Microsoft.ML.OnnxRuntime;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Runs model files on made-up inputs, always the same.</summary>
internal static class ModelRun
{
    private const int Batch = 2;

    /// <summary>The foreign models that ONNX Runtime runs and that are networks.</summary>
    public static string[] RunnableModels()
    {
        var root = SharedFiles.Require("models");
        string[] files =
        [
            .. Directory.GetFiles(root, "*.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                .Where(file =>
                    !Path.GetRelativePath(root, file).StartsWith("odd", StringComparison.Ordinal)
                        && !Path.GetRelativePath(root, file).StartsWith("nonnn", StringComparison.Ordinal)),
        ];
        Assert.True(files.Length >= 30, $"only {files.Length} models");
        return files;
    }

    /// <summary>The floating-point outputs on inputs drawn from <paramref name="seed"/>, all values in one list.</summary>
    public static double[] Outputs(string path, int seed = 1)
    {
        var checkpoint = Checkpoint.Open(path);
        return Outputs(path, LayerTracer.Trace(checkpoint, new TraceOptions()).Inputs, seed);
    }

    /// <summary>As above with inputs known already: those of a model this one was made of.</summary>
    public static double[] Outputs(string path, ImmutableArray<ModelInput> inputs, int seed = 1,
        Optimization optimization = Optimization.Default)
    {
        using var session = SessionFactory.Create(new AnalysisSettings { Device = Device.Cpu, Optimization = optimization })
            .Open(ModelFile.Read(path), path);
        var random = new Random(seed);
        var values = inputs.Select(input => Value(input, random)).ToArray();
        using var options = new RunOptions();
        using var results = session.Run(options, [.. inputs.Select(input => input.Name)], values, session.OutputNames);
        double[] outputs = [.. results.Where(result => result.IsTensor).SelectMany(Doubles)];
        Array.ForEach(values, value => value.Dispose());
        return outputs;
    }

    /// <summary>Largest difference of two runs, relative where values are large.</summary>
    public static double Difference(double[] a, double[] b)
    {
        Assert.Equal(a.Length, b.Length);
        // Max passes over NaN, which a difference to a number that is not finite would be.
        return a.Zip(b, (x, y) => x.Equals(y) ? 0
            : double.IsFinite(x) && double.IsFinite(y) ? Math.Abs(x - y) / Math.Max(1, Math.Abs(x))
            : double.PositiveInfinity).Max();
    }

    private static IEnumerable<double> Doubles(OrtValue value) => (DataType)value.GetTensorTypeAndShape().ElementDataType switch
    {
        DataType.Float => value.GetTensorDataAsSpan<float>().ToArray().Select(x => (double)x),
        DataType.Float16 =>
            MemoryMarshal.Cast<Float16, Half>(value.GetTensorDataAsSpan<Float16>()).ToArray().Select(x => (double)x),
        DataType.Double => value.GetTensorDataAsSpan<double>().ToArray(),
        _ => [],
    };

    private static OrtValue Value(ModelInput input, Random random)
    {
        long[] shape = [.. input.Shape.Select(size => size ?? Batch)];
        var count = (int)shape.Aggregate(1L, (product, size) => product * size);
        OrtValue Of<T>(Func<T> next) where T : unmanaged =>
            OrtValue.CreateTensorValueFromMemory([.. Enumerable.Range(0, count).Select(_ => next())], shape);
        return (DataType)input.ElementType switch
        {
            DataType.Float => Of(random.NextSingle),
            DataType.Float16 => Of(() => new Float16(BitConverter.HalfToUInt16Bits((Half)random.NextSingle()))),
            DataType.Int32 => Of(() => random.Next(input.Vocabulary ?? 2)),
            DataType.Int64 => Of(() => (long)random.Next(input.Vocabulary ?? 2)),
            var type => throw new NotSupportedException($"input '{input.Name}' of type {type}"),
        };
    }
}
