using System.Collections.Immutable;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Analyzer.Tests.Rewriting.Kinds;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>A network as it was drawn or exported, with everything that its other spellings are held against.</summary>
internal sealed class Original
{
    private const int Samples = 8;

    private readonly TemporaryFolder folder;
    private readonly ModelProto model;
    private readonly LayerGraph graph;
    private readonly Probe probe;
    private readonly double[] outputs;
    private readonly ImmutableHashSet<string> drawn;
    private readonly Dictionary<string, TensorForm> forms;
    private readonly Dictionary<ConvNodes, NetworkNumbers> numbers = [];
    private readonly bool isWired;

    /// <param name="name">What messages call it.</param>
    /// <param name="model">Nodes are named <c>operator@number</c>; no external data.</param>
    /// <param name="folder">Where its files and those of its other spellings are written.</param>
    /// <param name="isWired">Whether E_w is compared too.</param>
    /// <param name="probeOf">Its samples; null for quarters in [-1, 1].</param>
    public Original(string name, ModelProto model, TemporaryFolder folder, bool isWired, Func<LayerGraph, Probe>? probeOf = null)
    {
        (Name, this.model, this.folder, this.isWired) = (name, model, folder, isWired);
        Path = folder.Path($"{name.Replace('/', '_')}.onnx");
        ModelFile.Save(model, Path);
        graph = LayerTracer.Trace(Checkpoint.Open(Path), new TraceOptions
        {
            MeasureShapes = ShapeRun.OnRandom(TestContext.Current.CancellationToken),
        });
        probe = probeOf?.Invoke(graph) ?? Quarters(graph);
        forms = Fed(graph.Inputs, feeds => TensorForm.Of(model, Path, feeds));
        drawn = Drawn(model.Graph);
        outputs = Run(model, graph.Inputs);
        Assert.NotEmpty(outputs);
    }

    public string Name { get; }

    public string Path { get; }

    public int Nodes => model.Graph.Node.Count;

    private bool IsHalf => forms.Values.Any(form => form.Type == DataType.Float16);

    /// <summary>A copy to be spelled otherwise.</summary>
    public Draft Draft(Random random) => new(model, forms, folder.Root, random);

    /// <summary>What is measured on it.</summary>
    public NetworkNumbers Numbers(ConvNodes nodes) => numbers.TryGetValue(nodes, out var known) ? known
        : numbers[nodes] = NetworkNumbers.Of(Path, _ => probe, Settings(nodes, model));

    /// <summary>
    /// Measures another spelling and compares. That it computes the same function is required first: what changes that is no
    /// spelling, but a defect of the rewrite.
    /// </summary>
    public (ImmutableArray<string> Differences, int Borderline) Compare(ModelProto other, Rewrite[] rewrites, ConvNodes nodes)
    {
        var path = folder.Path("spelled.onnx");
        ModelFile.Save(other, path);
        var names = other.Graph.Input.Select(input => input.Name).Except(other.Graph.Initializer.Select(tensor =>
            tensor.Name)).ToArray();
        var computed = Run(other, [.. graph.Inputs.Zip(names, (input, name) => input with { Name = name })]);
        var scale = Math.Max(1, outputs.Select(Math.Abs).Max());
        var tolerance = IsHalf ? 1e-2 : 1e-4;
        var changed = outputs.Zip(computed)
            .Where(pair => !pair.First.Equals(pair.Second)
                && !(Math.Abs(pair.First - pair.Second) <= tolerance * scale)).ToArray();
        var kinds = string.Join(", ", rewrites.Select(rewrite => rewrite.Kind));
        Assert.True(outputs.Length == computed.Length && changed.Length == 0,
            $"{Name} ({kinds}): the function changes: {changed.FirstOrDefault()}; {Keep(other)}");
        try
        {
            var spelled = NetworkNumbers.Of(path, _ => probe with
            {
                Inputs = [.. probe.Inputs.Zip(names, (input, name) => input with { Name = name })],
            }, Settings(nodes, other));
            return Numbers(nodes).Against(spelled, rewrites, IsHalf ? 1e-3 : 1e-4);
        }
        catch (UserException e)
        {
            return ([$"not measured: {e.Message}"], 0);
        }
    }

    /// <summary>Writes the model and another spelling of it to the folder that an environment variable names.</summary>
    public string Keep(ModelProto other)
    {
        if (Environment.GetEnvironmentVariable("EMERGENCE_KEEP_REWRITES") is not { Length: > 0 } kept)
            return "EMERGENCE_KEEP_REWRITES=folder keeps both models";
        Directory.CreateDirectory(kept);
        var stem = System.IO.Path.Combine(kept, Guid.NewGuid().ToString("n")[..8]);
        ModelFile.Save(model, $"{stem}-{System.IO.Path.GetFileName(Path)}");
        ModelFile.Save(other, $"{stem}-spelled.onnx");
        return $"kept as {stem}";
    }

    private AnalysisSettings Settings(ConvNodes nodes, ModelProto of) =>
        new() { Device = Device.Cpu, Threads = 1, ConvNodes = nodes, Wired = isWired, Optimization = LevelFor(of) };

    // ONNX Runtime computes a product with quantized numbers in integers where it finds the pattern: another rounding.
    private static Optimization LevelFor(ModelProto of) =>
        of.Graph.Node.Any(node => node.OpType == "DequantizeLinear") ? Optimization.None
        : Optimization.Default;

    /// <summary>The values of the original's results, on the first samples.</summary>
    private double[] Run(ModelProto runnable, ImmutableArray<ModelInput> inputs) => Fed(inputs, feeds =>
    {
        using var session = SessionFactory.Create(Settings(ConvNodes.Units, runnable)).Open(runnable, Path);
        using var options = new RunOptions();
        using var results = session.Run(options, [.. feeds.Select(feed => feed.Name)], [.. feeds.Select(feed => feed.Value)],
            session.OutputNames);
        return (double[])[.. results.Zip(model.Graph.Output)
            .Where(pair => pair.First.IsTensor && !drawn.Contains(pair.Second.Name)).SelectMany(pair => Doubles(pair.First))];
    });

    /// <summary>The tensors that the model draws at random, as a policy draws its actions: they are held against
    /// nothing.</summary>
    private static ImmutableHashSet<string> Drawn(GraphProto graph)
    {
        var found = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var node in graph.Node.Where(node =>
            node.OpType.StartsWith("Random", StringComparison.Ordinal) || node.OpType is "Multinomial" or "Bernoulli"
                || node.Input.Any(found.Contains)))
        {
            found.UnionWith(node.Output);
        }
        return found.ToImmutable();
    }

    private T Fed<T>(ImmutableArray<ModelInput> inputs, Func<IReadOnlyList<(string Name, OrtValue Value)>, T> run)
    {
        var batch = graph.Inputs.Select(input => input.BatchAxis < 0 ? 1
            : (int)(input.Shape[input.BatchAxis] ?? Declarations.FixedBatch)).Max();
        var feeds = inputs.Zip(probe.Inputs, (input, data) => new InputFeed(input, data, batch)).ToList();
        try
        {
            return run([.. feeds.Select(feed => (feed.Name, feed.Fill(0, Math.Min(batch, probe.Samples), batch)))]);
        }
        finally
        {
            feeds.ForEach(feed => feed.Dispose());
        }
    }

    private static IEnumerable<double> Doubles(OrtValue value) => (DataType)value.GetTensorTypeAndShape().ElementDataType switch
    {
        DataType.Float => value.GetTensorDataAsSpan<float>().ToArray().Select(x => (double)x),
        DataType.Float16 => value.GetTensorDataAsSpan<Float16>().ToArray().Select(x => (double)x.ToFloat()),
        DataType.Double => value.GetTensorDataAsSpan<double>().ToArray(),
        _ => [],
    };

    private static Probe Quarters(LayerGraph graph) => new(
        [.. graph.Inputs.Select(input =>
        {
            ImmutableArray<int> shape = [.. input.Shape.Where((_, axis) => axis != input.BatchAxis)
                .Select(size => (int)size!.Value)];
            var count = Samples * shape.Aggregate(1, (product, size) => product * size);
            return new ProbeInput(input.Name, input.ElementType, shape, TinyModel.Encode(TinyModel.Quarters(count, seed: 7),
                (DataType)input.ElementType));
        })],
        Samples, null, new ProbeProvenance("quarters", "", Samples, null), []);
}
