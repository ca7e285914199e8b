using Emergence.Checkpoints;
using Google.Protobuf;
using Onnx;

namespace Emergence.Analyzer.Tests.Fuzzing;

/// <summary>Makes a model or a file worse, in one place or a few. The same generator gives the same damage.</summary>
internal static class Mutation
{
    private static readonly long[] Extremes =
        [0, 1, -1, 2, 3, -2, 7, 99, -99, 1L << 31, (1L << 31) - 1, -(1L << 31), 1L << 40, long.MaxValue, long.MinValue];

    /// <summary>Changes attributes, sizes, types, names, inputs and outputs of a model, one to four times.</summary>
    public static ModelProto OfModel(ModelProto model, Random random)
    {
        var copy = model.Clone();
        for (var left = 1 + random.Next(4); left > 0; left--)
            Once(copy, random);
        return copy;
    }

    /// <summary>Flips bits, cuts, repeats and overwrites bytes, one to eight times.</summary>
    public static byte[] OfBytes(byte[] bytes, Random random)
    {
        var damaged = bytes.ToArray();
        for (var left = 1 + random.Next(8); left > 0 && damaged.Length > 4; left--)
        {
            var place = random.Next(damaged.Length);
            switch (random.Next(6))
            {
                case 0:
                    damaged = damaged[..place];
                    break;
                case 1:
                    var length = Math.Min(random.Next(1, 64), damaged.Length - place);
                    damaged = [.. damaged[..(place + length)], .. damaged[place..]];
                    break;
                case 2:
                    damaged[place] = (byte)random.Next(256);
                    break;
                case 3:
                    // Lengths and counts are small numbers with a high one in their place.
                    damaged.AsSpan(place, Math.Min(4, damaged.Length - place)).Fill(0xFF);
                    break;
                case 4:
                    damaged = [.. damaged[..place], .. damaged[Math.Min(damaged.Length, place + random.Next(1, 16))..]];
                    break;
                default:
                    damaged[place] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }
        return damaged;
    }

    private static void Once(ModelProto model, Random random)
    {
        var graph = model.Graph;
        // Bodies are graphs like any other.
        GraphProto[] bodies = [.. graph.Node.SelectMany(node => node.SubGraphs())];
        if (bodies.Length > 0 && random.Next(4) == 0)
            graph = Pick(random, bodies);
        switch (random.Next(4))
        {
            case 0 when graph.Initializer.Count > 0:
                OfTensor(graph.Initializer[random.Next(graph.Initializer.Count)], random);
                break;
            case 1:
                OfGraph(model, graph, random);
                break;
            case 2 or 3 when graph.Node.Count > 0:
                OfNode(graph, graph.Node[random.Next(graph.Node.Count)], random);
                break;
        }
    }

    private static void OfNode(GraphProto graph, NodeProto node, Random random)
    {
        switch (random.Next(9))
        {
            case 0 or 1 or 2 when node.Attribute.Count > 0:
                OfAttribute(node.Attribute[random.Next(node.Attribute.Count)], random);
                break;
            case 3:
                node.Attribute.Add(AttributeProto.Of(
                    Pick(random,
                        "axis", "axes", "group", "perm", "strides", "pads", "keepdims", "to", "kernel_shape", "num_groups"),
                    Pick(random, Extremes)));
                break;
            case 4 when node.Input.Count > 0:
                node.Input.RemoveAt(random.Next(node.Input.Count));
                break;
            case 5 when node.Input.Count > 0:
                node.Input[random.Next(node.Input.Count)] = AnyName(graph, random);
                break;
            case 6:
                node.Input.Add(AnyName(graph, random));
                break;
            case 7 when node.Output.Count > 0:
                node.Output[random.Next(node.Output.Count)] = random.Next(3) == 0 ? "" : AnyName(graph, random);
                break;
            case 8:
                node.OpType = graph.Node[random.Next(graph.Node.Count)].OpType;
                break;
            default:
                node.Output.Clear();
                break;
        }
    }

    private static void OfAttribute(AttributeProto attribute, Random random)
    {
        switch (random.Next(5))
        {
            case 0:
                attribute.I = Pick(random, Extremes);
                break;
            case 1 when attribute.Ints.Count > 0:
                attribute.Ints[random.Next(attribute.Ints.Count)] = Pick(random, Extremes);
                break;
            case 2:
                attribute.Ints.Add(Pick(random, Extremes));
                break;
            case 3:
                attribute.Ints.Clear();
                break;
            default:
                attribute.Type = (AttributeProto.Types.AttributeType)random.Next(15);
                break;
        }
    }

    private static void OfTensor(TensorProto tensor, Random random)
    {
        switch (random.Next(5))
        {
            case 0 when tensor.Dims.Count > 0:
                tensor.Dims[random.Next(tensor.Dims.Count)] = Pick(random, Extremes);
                break;
            case 1:
                tensor.Dims.Add(Pick(random, Extremes));
                break;
            case 2:
                tensor.DataType = random.Next(25);
                break;
            case 3 when tensor.RawData.Length > 0:
                tensor.RawData = ByteString.CopyFrom(OfBytes(tensor.RawData.ToByteArray(), random));
                break;
            default:
                tensor.Dims.Clear();
                break;
        }
    }

    private static void OfGraph(ModelProto model, GraphProto graph, Random random)
    {
        switch (random.Next(8))
        {
            case 0 when graph.Input.Count > 0 && graph.Input[0].Type?.TensorType is { } type:
                type.ElemType = random.Next(25);
                break;
            case 1 when graph.Input.Count > 0 && graph.Input[0].Type?.TensorType?.Shape is { Dim.Count: > 0 } shape:
                shape.Dim[random.Next(shape.Dim.Count)].DimValue = Pick(random, Extremes);
                break;
            case 2 when graph.Input.Count > 0:
                graph.Input[0].Type = null;
                break;
            case 3 when graph.Output.Count > 0:
                graph.Output[0].Name = AnyName(graph, random);
                break;
            case 4 when graph.Node.Count > 0:
                graph.Node.Add(graph.Node[random.Next(graph.Node.Count)].Clone());
                break;
            case 5 when graph.Node.Count > 0:
                graph.Node.RemoveAt(random.Next(graph.Node.Count));
                break;
            case 6:
                model.OpsetImport[0].Version = Pick(random, 1L, 6L, 7L, 12L, 13L, 18L, 26L, 99L, long.MaxValue, -1L);
                break;
            case 7 when graph.Node.Count > 1:
                var (from, to) = (random.Next(graph.Node.Count), random.Next(graph.Node.Count));
                (graph.Node[from], graph.Node[to]) = (graph.Node[to].Clone(), graph.Node[from].Clone());
                break;
        }
    }

    private static string AnyName(GraphProto graph, Random random)
    {
        string[] names =
        [
            "", "nowhere", .. graph.Input.Select(input => input.Name), .. graph.Initializer.Select(tensor => tensor.Name),
            .. graph.Node.SelectMany(node => node.Output),
        ];
        return Pick(random, names);
    }

    private static T Pick<T>(Random random, params T[] choices) => choices[random.Next(choices.Length)];
}
