using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Instrumentation;

/// <summary>Adds in-graph counters to a model, so that activations never leave the runtime whole.</summary>
internal static class Instrumenter
{
    /// <summary>
    /// Copies a model and appends, for each layer, the counters asked for. The opset and the IR version stay as they
    /// are. Sums run in double, or by <see cref="SampleGroups"/>, and comparisons in float32, so that no number depends on
    /// how samples are batched.
    /// </summary>
    /// <param name="model">The model; it is not changed.</param>
    /// <param name="layers">Layers traced in it.</param>
    /// <param name="options">What to count.</param>
    /// <exception cref="UserException">
    /// The model's opset is older than 7, or <see cref="CountingOptions.Rows"/> is given and a layer has no batch axis.
    /// </exception>
    public static InstrumentedModel Instrument(ModelProto model, ImmutableArray<TracedLayer> layers, CountingOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        var copy = model.Clone();
        if (!options.KeepOutputs)
            copy.Graph.Output.Clear();
        var (opset, names) = (Opset(copy), new FreshNames(copy.Graph));
        var nodes = new CounterNodes(copy.Graph, opset, names);
        var bodies = new BodyCounters(copy.Graph, nodes, names, opset);
        var canGroup = options is { ByGroups: true, Rows: null } && layers.Any(layer => CanGroup(layer, bodies, options));
        var groups = canGroup ? new SampleGroups(copy.Graph, nodes, names) : null;

        // ONNX Runtime orders nodes by depth-first search from the last output back. Counters appended in reverse
        // layer order therefore run as soon as their layer has, and its activations are freed early.
        var logits = options.Logits is { } tensor
            ? nodes.Expose(nodes.Cast(tensor, DataType.Double), DataType.Double)
            : null;
        var counters = layers.Reverse()
            .Select(layer => Count(nodes, bodies, CanGroup(layer, bodies, options) ? groups : null, layer, options))
            .Reverse()
            .ToImmutableArray();
        if (!options.KeepOutputs)
            UnusedNodes.Remove(copy.Graph);
        return new InstrumentedModel(copy, counters, logits) { Ones = groups?.Ones };
    }

    private static bool CanGroup(TracedLayer layer, BodyCounters bodies, CountingOptions options) =>
        bodies.PlaceOf(layer.Reading.Tensor) is null && TypeOf(layer) != DataType.Double
            && SampleGroups.Fit(new NodeLayout(layer, options.ConvNodes), options.TracedBatch);

    private static LayerCounters Count(
        CounterNodes outside, BodyCounters bodies, SampleGroups? groups, TracedLayer layer, CountingOptions options)
    {
        outside.Scope = $"emergence/{layer.Name}";
        var layout = new NodeLayout(layer, options.ConvNodes);
        var place = bodies.PlaceOf(layer.Reading.Tensor);
        var nodes = place is null ? outside : bodies.Inside(place);
        // Sums over groups show what passes the range of float16 themselves.
        var isHalf = groups is not null && layer.Reading.Quantization is null
            && (DataType)layer.Reading.ElementType == DataType.Float16;
        var (whole, type) = Read(nodes, layer.Reading, castsOnly: isHalf);
        var read = options.Rows is { } rows ? nodes.Slice(whole, BatchAxis(layer, layout), 0, rows) : whole;
        // Rows that the model makes of one sample, as a Tile does, are added up.
        var isSingle = options.OneByOne && place is null && layout.Reduced is [var only] && only == layout.BatchAxis
            && layout.Axes[only].Size == options.TracedBatch;
        var views = new Views(nodes, read, type, layout, groups, isSingle, isHalf, options.GroupsOutside);
        var extent = place is null
            ? outside.Expose(nodes.Apply("Shape", whole), DataType.Int64)
            : Outside(nodes.Length(read, layout.Sampled), CounterKind.Sum, 1);
        var activations = place is null && options.Rows is null && options.OnHost.Contains(layer.Index)
            && layout.CountsRows && options.Counters.Any(counter => counter.IsOrderless)
            ? outside.ExposeOnce(views.Single, DataType.Float) : null;
        var counters = options.Counters.Select(Output).ToImmutableArray();
        var samples = new SampleCounting(
            outside,
            () => place is null
                ? SampleCounting.Means(nodes, read, type, layout)
                : SampleCounting.Means(outside, bodies, place, read, layout, SamplesOf(outside, layout, options)),
            layout,
            options.SampleMasks.Contains(layer.Index));
        return new LayerCounters(layer, layout, extent, counters)
        {
            IsInBody = place is not null,
            Activations = activations,
            Samples = [.. options.SampleThresholds.Select(samples.Count)],
        };

        CounterOutput Output(Counter counter)
        {
            if (activations is not null && counter.IsOrderless)
                return new(counter, activations);
            var (value, type, factor) = views.Count(counter);
            return factor is not null ? new(counter, outside.Expose(value, DataType.Float)) { RowFactor = factor }
                : place is not null ? new(counter, Outside(nodes.Reshape(value, [-1]), counter.Kind, layout.Nodes))
                : new(counter, type == DataType.Double
                    ? outside.ExposeOnce(value, type) : outside.Expose(nodes.Cast(value, DataType.Double), DataType.Double));
        }

        string Outside(string value, CounterKind kind, int length) =>
            outside.Expose(bodies.CarryOut(place!, nodes.Cast(value, DataType.Double), kind, length), DataType.Double);
    }

    /// <summary>How many samples of a run count: int64, one element.</summary>
    private static string SamplesOf(CounterNodes outside, NodeLayout layout, CountingOptions options) =>
        layout.BatchAxis < 0 || options.Batch is not { } batch ? outside.Longs([1])
        : options.Rows is { } rows ? outside.Longs([rows])
        : outside.Length(batch.Input, [batch.Axis]);

    /// <summary>Appends what makes the activation of a layer from the tensor that it is read from.</summary>
    /// <param name="nodes">The graph.</param>
    /// <param name="reading">How the layer is read.</param>
    /// <param name="castsOnly">Whether float16 is cast and no more, as <see cref="CounterNodes.FromHalf"/> is not needed.</param>
    public static (string Tensor, DataType Type) Read(CounterNodes nodes, Reading reading, bool castsOnly = false)
    {
        var x = reading.Tensor;
        if (reading.Quantization is { } quantization)
        {
            string[] zeroPoint = quantization.ZeroPoint.Length > 0 ? [quantization.ZeroPoint] : [];
            x = nodes.Apply("DequantizeLinear", [x, quantization.Scale, .. zeroPoint]);
        }
        foreach (var step in reading.Applied)
            x = nodes.Apply(step, x);
        if (reading.Reshape is { } shape)
            x = nodes.Reshape(x, shape);
        if (reading.Slice is { } part)
            x = nodes.Slice(x, part.Axis, part.Start, part.End);
        return reading.Quantization is not null ? (x, DataType.Float)
            : (DataType)reading.ElementType == DataType.Float16
                ? (castsOnly ? nodes.Cast(x, DataType.Float) : nodes.FromHalf(x), DataType.Float)
            : (x, (DataType)reading.ElementType);
    }

    private static DataType TypeOf(TracedLayer layer) =>
        layer.Reading.Quantization is null ? (DataType)layer.Reading.ElementType : DataType.Float;

    private static int BatchAxis(TracedLayer layer, NodeLayout layout) => layout.BatchAxis >= 0
        ? layout.BatchAxis
        : throw new UserException(
            $"layer '{layer.Name}' ({layer.Op}): its activations have no batch axis, so padding cannot be told from samples; " +
            "choose --samples as a multiple of the model's fixed batch size");

    /// <summary>The opset of a model; one is added where it has none.</summary>
    /// <exception cref="UserException">It is older than 7.</exception>
    public static int Opset(ModelProto model)
    {
        var import = model.OpsetImport.FirstOrDefault(opset => opset.Domain is "" or "ai.onnx");
        if (import is null)
            // Only operators of other domains so far: any version will do, and every runtime knows this one.
            model.OpsetImport.Add(import = new OperatorSetIdProto { Domain = "", Version = 13 });
        if (import.Version < CounterNodes.OldestOpset)
            throw new UserException(
                $"opset {import.Version} is older than ONNX Runtime runs; convert the model to opset 13 with "
                + "onnx.version_converter");
        return checked((int)import.Version);
    }

    /// <summary>The forms of one activation that counters reduce, each made on first use.</summary>
    private sealed class Views(
        CounterNodes nodes, string x, DataType type, NodeLayout layout, SampleGroups? groups, bool isSingle, bool isHalf,
        bool isOutside)
    {
        private readonly Dictionary<string, string> made = new(StringComparer.Ordinal);

        /// <summary>The activation as float32.</summary>
        public string Single => type == DataType.Float ? x : Once("single", () => nodes.Cast(x, DataType.Float));

        private string Double => type == DataType.Double ? x : Once("double", () => nodes.Cast(x, DataType.Double));

        /// <summary>The activation in its own type, or in float32 where comparisons do not take that type
        /// at every opset.</summary>
        private string Comparable => type == DataType.Double ? x : Single;

        /// <summary>What <see cref="CounterKind.Above"/> compares: for whole filters the spatial mean.</summary>
        private string PerSample => !layout.ReducesPositions ? Single : Once("mean", () =>
            nodes.Cast(nodes.Reduce("ReduceMean", Double, layout.Positional, keepDims: true), DataType.Float));

        /// <summary>The tensor of a counter, its type, and the factor of rows that are still to be added up.</summary>
        public (string Tensor, DataType Type, double? RowFactor) Count(Counter counter) => counter.Kind switch
        {
            CounterKind.Sum => groups is null
                ? (Reduce("ReduceSum", Double), DataType.Double, null) : InGroups(Single, isHalf),
            CounterKind.Max => (Reduce("ReduceMax", Single), DataType.Float, null),
            CounterKind.AbsSum => groups is null
                ? (Reduce("ReduceSum", nodes.Apply("Abs", Double)), DataType.Double, null)
                : InGroups(nodes.Apply("Abs", Single), isHalf),
            CounterKind.AbsMax => (Reduce("ReduceMax", nodes.Apply("Abs", Single)), DataType.Float, null),
            CounterKind.Above => CountTrue(nodes.Apply("Greater", PerSample, nodes.Scalar(counter.Threshold))),
            CounterKind.NotANumber => CountTrue(NotANumber()),
            CounterKind.NotFinite => CountTrue(NotFinite()),
            _ => throw new ArgumentOutOfRangeException(nameof(counter)),
        };

        // Only NaN is neither below 1 nor above 0. IsNaN and IsInf came with opsets 9 and 10.
        private string NotANumber() => nodes.Apply("Not", nodes.Apply("Or",
            nodes.Apply("Less", Comparable, Bound(1f)), nodes.Apply("Greater", Comparable, Bound(0f))));

        private string NotFinite() => nodes.Apply("Not",
            nodes.Apply("Less", nodes.Apply("Abs", Comparable), Bound(float.PositiveInfinity)));

        private string Bound(float value) => type == DataType.Double
            ? Once($"bound {value}", () => nodes.Cast(nodes.Scalar(value), DataType.Double))
            : nodes.Scalar(value);

        private (string, DataType, double?) CountTrue(string condition) => groups is not null && !layout.ReducesPositions
            ? InGroups(nodes.Cast(condition, DataType.Float), isHalf: false)
            : (Reduce("ReduceSum", nodes.Cast(condition, DataType.Int32)), DataType.Int32, null);

        private (string, DataType, double?) InGroups(string values, bool isHalf)
        {
            var (sum, factor) = groups!.Sum(values, layout, isOutside, isHalf);
            return (sum, factor is null ? DataType.Double : DataType.Float, factor);
        }

        // An axis of one sample has nothing to add up, which a runtime would do all the same, and slowly.
        private string Reduce(string op, string x) => isSingle ? nodes.Reshape(x, [-1]) : nodes.Reduce(op, x, layout.Reduced);

        private string Once(string key, Func<string> make)
        {
            if (!made.TryGetValue(key, out var name))
                made.Add(key, name = make());
            return name;
        }
    }
}
