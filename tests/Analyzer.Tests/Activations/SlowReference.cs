using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Microsoft.ML.OnnxRuntime;
using Onnx;

namespace Emergence.Analyzer.Tests.Activations;

/// <summary>
/// Exposes each layer's activation whole, one sample at a time, and sorts the values to their nodes on the host by
/// nothing but the definition: node = channel × positions + position, everything else is a sample.
/// </summary>
internal static class SlowReference
{
    /// <summary>For each layer and node, the values on each sample: several for a whole filter, one for a unit.</summary>
    public static List<double[]>[][] Activations(ModelProto original, string path, LayerGraph graph, Probe probe,
        AnalysisSettings settings)
    {
        var nodes = settings.ConvNodes;
        var model = original.Clone();
        model.Graph.Output.Clear();
        foreach (var layer in graph.Layers)
        {
            var name = $"exposed {layer.Index}";
            var read = layer.Reading.Tensor;
            if (layer.Reading.Quantization is { } quantization)
            {
                AddNode(model.Graph, "Cast", [read], $"{name} whole",
                    AttributeProto.Of("to", (int)TensorProto.Types.DataType.Double));
                AddNode(model.Graph, "Cast", [Dequantize(model.Graph, $"{name} whole", quantization)], read = $"{name} single",
                    AttributeProto.Of("to", (int)TensorProto.Types.DataType.Float));
            }
            read = layer.Reading.Applied.Aggregate(read, (tensor, step) => Applied(model.Graph, tensor, step, layer.Index));
            AddNode(model.Graph, "Cast", [read], name, AttributeProto.Of("to", (int)TensorProto.Types.DataType.Double));
            model.Graph.Output.Add(new ValueInfoProto
            {
                Name = name,
                Type = new TypeProto
                {
                    TensorType =
                    new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Double }
                },
            });
        }
        using var session = SessionFactory.Create(settings).Open(model, path);

        var result = graph.Layers
            .Select(layer => NewNodes(layer.Channels * (IsByFilter(layer, nodes) ? 1 : layer.Positions))).ToArray();
        var fed = graph.Inputs.Select(input => input.BatchAxis < 0 ? 1 : (int)(input.Shape[input.BatchAxis] ?? 1)).Max();
        for (var sample = 0; sample < probe.Samples; sample++)
        {
            var feeds = graph.Inputs.Zip(probe.Inputs, (input, data) => new InputFeed(input, data, fed)).ToList();
            using var options = new RunOptions();
            using var outputs = session.Run(
                options, feeds.Select(feed => feed.Name).ToArray(), feeds.Select(feed => feed.Fill(sample, 1, fed)).ToArray(),
                session.OutputNames);
            for (var layer = 0; layer < result.Length; layer++)
                Sort(outputs[layer].GetTensorDataAsSpan<double>(), graph.Layers[layer], nodes, result[layer]);
            feeds.ForEach(feed => feed.Dispose());
        }
        return result;
    }

    /// <summary>The nodes of a step once more, for the layer's own tensor.</summary>
    private static string Applied(GraphProto graph, string tensor, AppliedStep step, int layer)
    {
        string Renamed(string name) => name == step.Input ? tensor : $"{name} of {layer}";
        var inside = step.Nodes.SelectMany(node => node.Output).Append(step.Input).ToHashSet();
        foreach (var node in step.Nodes)
        {
            var copy = node.Clone();
            copy.Name = "";
            for (var i = 0; i < copy.Input.Count; i++)
                copy.Input[i] = inside.Contains(copy.Input[i]) ? Renamed(copy.Input[i]) : copy.Input[i];
            for (var i = 0; i < copy.Output.Count; i++)
                copy.Output[i] = Renamed(copy.Output[i]);
            graph.Node.Add(copy);
        }
        return Renamed(step.Output);
    }

    private static bool IsByFilter(TracedLayer layer, ConvNodes nodes) => nodes == ConvNodes.Filters && layer.IsConvolution;

    /// <summary>(q − zero point) · scale, in double.</summary>
    private static string Dequantize(GraphProto graph, string exposed, Quantization quantization)
    {
        string Double(string tensor, string suffix)
        {
            AddNode(graph, "Cast", [tensor], exposed + suffix, AttributeProto.Of("to", (int)TensorProto.Types.DataType.Double));
            return exposed + suffix;
        }
        var shifted = exposed;
        if (quantization.ZeroPoint.Length > 0)
            AddNode(graph, "Sub", [exposed, Double(quantization.ZeroPoint, " zero")], shifted = exposed + " shifted");
        AddNode(graph, "Mul", [shifted, Double(quantization.Scale, " scale")], exposed + " scaled");
        return exposed + " scaled";
    }

    private static void AddNode(GraphProto graph, string op, string[] inputs, string output,
        params AttributeProto[] attributes) =>
        graph.Node.Add(new NodeProto { OpType = op, Input = { inputs }, Output = { output }, Attribute = { attributes } });

    private static List<double[]>[] NewNodes(int count) => [.. Enumerable.Range(0, count).Select(_ => new List<double[]>())];

    private static void Sort(ReadOnlySpan<double> values, TracedLayer layer, ConvNodes nodes, List<double[]>[] result)
    {
        var axes = layer.Reading.Axes;
        var count = values.Length;
        // The sample's own row is the first of the batch axis, whatever is fed beside it.
        var sizes = axes.Select((axis, i) => axis.Role == AxisRole.Batch
            ? count / axes.Where((_, other) => other != i).Aggregate(1, (product, other) => product * other.Size)
            : axis.Size).ToArray();
        var bySample = new Dictionary<(int Node, int Sample), List<double>>();
        var index = new int[axes.Length];
        for (var i = 0; i < count; i++)
        {
            var (channel, position, sample, counts) = (0, 0, 0, true);
            var rest = i;
            for (var axis = axes.Length - 1; axis >= 0; axis--)
            {
                index[axis] = rest % sizes[axis];
                rest /= sizes[axis];
            }
            for (var axis = 0; axis < axes.Length; axis++)
            {
                var at = index[axis];
                var size = sizes[axis];
                if (layer.Reading.Slice is { } part && part.Axis == axis)
                {
                    counts &= at >= part.Start && at < part.End;
                    (at, size) = (at - part.Start, part.End - part.Start);
                }
                switch (axes[axis].Role)
                {
                    case AxisRole.Batch: counts &= at == 0; break;
                    case AxisRole.Sample: sample = sample * size + at; break;
                    case AxisRole.Channel: channel = channel * size + at; break;
                    default: position = position * size + at; break;
                }
            }
            if (!counts)
                continue;
            var node = IsByFilter(layer, nodes) ? channel : channel * layer.Positions + position;
            if (!bySample.TryGetValue((node, sample), out var list))
                bySample.Add((node, sample), list = []);
            list.Add(values[i]);
        }
        foreach (var ((node, _), list) in bySample)
            result[node].Add([.. list]);
    }
}
