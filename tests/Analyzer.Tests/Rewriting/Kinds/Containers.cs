using System.Collections.Immutable;
using Emergence.Checkpoints;
using Onnx;
using static Emergence.Analyzer.Tests.Rewriting.Draft;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>Where and how the weights are stored.</summary>
internal static class Containers
{
    public static ImmutableArray<Rewrite> All { get; } =
    [
        Kind("weights in a Constant node", (draft, tensor) =>
        {
            draft.Insert(new NodeProto { OpType = "Constant", Name = draft.Fresh("spelled"), Output = { tensor.Name },
                Attribute = { AttributeProto.Of("value", tensor) } });
            return null;
        }),
        Kind("weights in an external file", (draft, tensor) =>
        {
            var file = $"{draft.Fresh("external")}.bin";
            File.WriteAllBytes(Path.Combine(draft.Directory, file), TensorValues.ToRaw(tensor, draft.Directory));
            draft.Graph.Initializer.Add(new TensorProto
            {
                Name = tensor.Name,
                DataType = tensor.DataType,
                Dims = { tensor.Dims },
                DataLocation = DataLocation.External,
                ExternalData = { new StringStringEntryProto { Key = "location", Value = file } },
            });
            return null;
        }),
        Kind("weights in typed fields", (draft, tensor) =>
        {
            var typed = new TensorProto { Name = tensor.Name, DataType = tensor.DataType, Dims = { tensor.Dims } };
            typed.FloatData.AddRange(TensorValues.ToFloats(tensor, draft.Directory));
            draft.Graph.Initializer.Add(typed);
            return null;
        }),
        Kind("weights declared as an input too", (draft, tensor) =>
        {
            var form = new TensorShapeProto();
            form.Dim.AddRange(tensor.Dims.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size }));
            draft.Graph.Input.Add(new ValueInfoProto
            {
                Name = tensor.Name,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = tensor.DataType, Shape = form } },
            });
            draft.Graph.Initializer.Add(tensor);
            return null;
        }),
        Kind("weights in half precision behind Cast", (draft, tensor) =>
            draft.Emit("Cast", [draft.Constant(Values(draft, tensor), [.. tensor.Dims], DataType.Float16)],
                Int("to", tensor.DataType)),
            values => values.All(value => (double)(Half)value == value)),
        Kind("weights in double precision behind Cast", (draft, tensor) =>
            draft.Emit("Cast", [draft.Constant(Values(draft, tensor), [.. tensor.Dims], DataType.Double)],
                Int("to", tensor.DataType))),
        Kind("weights behind Transpose", (draft, tensor) =>
        {
            var rank = tensor.Dims.Count;
            var perm = draft.Shuffled(Enumerable.Range(0, rank));
            var stored = new long[rank];
            for (var axis = 0; axis < rank; axis++)
                stored[perm[axis]] = tensor.Dims[axis];
            return draft.Emit("Transpose", [draft.Constant(Permuted(Values(draft, tensor), [.. tensor.Dims], perm, stored),
                stored, (DataType)tensor.DataType)],
                Ints("perm", [.. perm.Select(axis => (long)axis)]));
        }),
        Kind("weights behind Reshape", (draft, tensor) =>
            draft.Emit("Reshape",
                [draft.Constant(Values(draft, tensor), [tensor.Dims[0], tensor.Dims.Skip(1).Aggregate(1L, (a, b) => a * b)],
                (DataType)tensor.DataType), draft.Longs([.. tensor.Dims])])),
        Kind("weights behind Identity", (draft, tensor) =>
            draft.Emit("Identity", [draft.Constant(Values(draft, tensor), [.. tensor.Dims], (DataType)tensor.DataType)])),
        Kind("weights behind Unsqueeze and Squeeze", (draft, tensor) => draft.Squeeze(draft.Unsqueeze(
            draft.Constant(Values(draft, tensor), [.. tensor.Dims], (DataType)tensor.DataType), 0), 0)),
        Kind("weights in integers behind DequantizeLinear", (draft, tensor) =>
        {
            var step = draft.Constant([Step], []);
            return draft.Emit("DequantizeLinear",
                [draft.Constant([.. Values(draft, tensor).Select(value => value / Step)], [.. tensor.Dims], DataType.Int8),
                step]);
        }, values => values.All(value => Math.Abs(value / Step) <= 127 && value / Step == Math.Round(value / Step))),
    ];

    private const double Step = 1 / 16.0;

    /// <summary>Stores one weight matrix or kernel otherwise: as the tensor that is returned, or under its own name where none
    /// is.</summary>
    private static Rewrite Kind(string kind, Func<Draft, TensorProto, string?> store, Func<double[], bool>? fits = null) =>
        new(kind, draft =>
    {
        var weights = draft.Nodes("Conv", "Gemm", "MatMul", "LSTM", "GRU", "ConvTranspose")
            .SelectMany(node => node.Input.Skip(1).Take(2));
        var tensor = draft.Shuffled(weights.Distinct()).Select(draft.Stored).FirstOrDefault(tensor =>
            tensor is { Dims.Count: >= 2 } && (DataType)tensor.DataType == DataType.Float
                && fits?.Invoke(Values(draft, tensor)) != false);
        if (tensor is null || draft.Graph.Input.Any(input => input.Name == tensor.Name))
            return false;
        draft.Graph.Initializer.Remove(tensor);
        draft.MoveToStart();
        if (store(draft, tensor) is not { } otherwise)
            return true;
        foreach (var node in draft.Graph.Node)
        {
            for (var i = 0; i < node.Input.Count; i++)
                node.Input[i] = node.Input[i] == tensor.Name ? otherwise : node.Input[i];
        }
        return true;
    })
        { Stage = 1 };

    private static double[] Values(Draft draft, TensorProto tensor) => TensorValues.ToDoubles(tensor, draft.Directory);

    /// <summary>The values as stored so that a Transpose by <paramref name="perm"/> brings them back.</summary>
    private static double[] Permuted(double[] values, long[] dims, int[] perm, long[] stored)
    {
        var result = new double[values.Length];
        var index = new long[dims.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var rest = (long)i;
            for (var axis = dims.Length - 1; axis >= 0; axis--)
                (index[perm[axis]], rest) = (rest % dims[axis], rest / dims[axis]);
            result[index.Zip(stored).Aggregate(0L, (at, axis) => at * axis.Second + axis.First)] = values[i];
        }
        return result;
    }
}
