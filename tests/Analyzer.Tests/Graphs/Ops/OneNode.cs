using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>An example's node alone in ONNX Runtime: one input is fed, the others are stored.</summary>
internal sealed class OneNode : IDisposable
{
    private readonly OperatorExample example;
    private readonly int fed;
    private readonly InferenceSession session;
    private readonly SessionOptions options = new()
    {
        GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
        LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL
    };
    private readonly double[][] stored;
    private readonly NodeProto node;

    /// <param name="example">The operator with its inputs.</param>
    /// <param name="fed">The input to feed.</param>
    public OneNode(OperatorExample example, int fed)
    {
        (this.example, this.fed) = (example, fed);
        stored = [.. example.Inputs.Select(input => input is null ? [] : Fill(input))];
        var tiny = new TinyModel(example.Opset, example.Opset > 21 ? 11 : 10);
        tiny.Proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        for (var i = 0; i < example.Inputs.Length; i++)
        {
            if (example.Inputs[i] is not { } input)
                continue;
            if (i == fed)
                tiny.Input($"x{i}", [.. input.Dims.Select(size => (long?)size)], input.Type, batchAxis: -1);
            else
                tiny.Initializer($"x{i}", input.Dims, stored[i], input.Type);
        }
        var names = example.Inputs.Select((input, i) => input is null ? "" : $"x{i}");
        var parts = example.Op.Split("::");
        tiny.Node(parts[^1], string.Join(' ', names), string.Join(' ', Enumerable.Range(0, example.Outputs).Select(i => $"y{i}")),
            [.. example.Attributes.Select(attribute => attribute.Clone())]);
        node = tiny.Proto.Graph.Node[^1];
        // Outputs joined by blanks lose an input that is left out at the end; the names are set as they are.
        node.Input.Clear();
        node.Input.Add(names);
        node.Domain = parts.Length > 1 ? parts[0] : "";
        for (var i = 0; i < example.Outputs; i++)
            tiny.Proto.Graph.Output.Add(new ValueInfoProto { Name = $"y{i}" });
        session = new InferenceSession(ModelFile.Serialize(tiny.Proto), options);
        Plain = Run(stored[fed]);
    }

    /// <summary>The outputs of the input as it is filled.</summary>
    public (double[] Values, int[] Dims)[] Plain { get; }

    /// <summary>The value that the fed input is filled with.</summary>
    public double[] Input => stored[fed];

    /// <summary>What an operator's description is asked about.</summary>
    public OperatorCall Call => new(
        node, node.Domain.Length > 0 ? 1 : example.Opset,
        name => name[0] == 'y' ? Plain[At(name)].Dims : Dims(At(name)),
        name => At(name) == fed
            ? null
            : new ConstantTensor(Dims(At(name)), stored[At(name)], (int)example.Inputs[At(name)]!.Type),
        name => name[0] == 'x' && At(name) != fed);

    /// <summary>The outputs of other values.</summary>
    public (double[] Values, int[] Dims)[] Run(double[] values)
    {
        var input = example.Inputs[fed]!;
        using var value = Value(input.Type, values, input.Dims);
        using var run = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var results = session.Run(run, new Dictionary<string, OrtValue> { [$"x{fed}"] = value }, session.OutputNames);
        return [.. results.Select(Read)];
    }

    public void Dispose()
    {
        session.Dispose();
        options.Dispose();
    }

    private static int At(string name) => int.Parse(name.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);

    private int[] Dims(int i) => [.. example.Inputs[i]!.Dims.Select(size => (int)size)];

    /// <summary>Values that differ from one another and from zero, where the example does not say which.</summary>
    private static double[] Fill(ExampleInput input) => input.Values ?? (input.Type == DataType.Float
        ? [.. input.Fill().Select((_, i) => (float)((i % 2 == 0 ? 1 : -1) * (0.31 + 0.0617 * i)))]
        : input.Type == DataType.Uint8
            ? [.. input.Fill().Select((_, i) => input.Dims.Length == 0 ? 3.0 : 10 + 5 * i % 100)]
            : [.. input.Fill()]);

    private static OrtValue Value(DataType type, double[] values, long[] dims) => type switch
    {
        DataType.Float => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (float)value), dims),
        DataType.Int64 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (long)value), dims),
        DataType.Int32 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (int)value), dims),
        DataType.Uint8 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (byte)value), dims),
        DataType.Int8 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (sbyte)value), dims),
        DataType.Bool => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => value != 0), dims),
        _ => throw new ArgumentException($"{type}"),
    };

    private static (double[] Values, int[] Dims) Read(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        double[] values = info.ElementDataType switch
        {
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float =>
                [.. value.GetTensorDataAsSpan<float>().ToArray().Select(x => (double)x)],
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Double => value.GetTensorDataAsSpan<double>().ToArray(),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64 =>
                [.. value.GetTensorDataAsSpan<long>().ToArray().Select(x => (double)x)],
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int32 =>
                [.. value.GetTensorDataAsSpan<int>().ToArray().Select(x => (double)x)],
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.UInt8 =>
                [.. value.GetTensorDataAsSpan<byte>().ToArray().Select(x => (double)x)],
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int8 =>
                [.. value.GetTensorDataAsSpan<sbyte>().ToArray().Select(x => (double)x)],
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Bool =>
                [.. value.GetTensorDataAsSpan<bool>().ToArray().Select(x => x ? 1.0 : 0)],
            var other => throw new NotSupportedException($"{other}"),
        };
        return (values, [.. info.Shape.Select(size => (int)size)]);
    }
}
