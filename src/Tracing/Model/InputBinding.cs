using System.Collections.Immutable;
using Emergence.Checkpoints;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Model;

/// <summary>Gives every free dimension of the model's inputs a size, so that the trace works on concrete shapes.</summary>
/// <param name="Tensors">The inputs as the trace starts from them.</param>
/// <param name="Inputs">The inputs as the probe must feed them.</param>
/// <param name="Dimensions">The size of each named dimension.</param>
/// <param name="Diagnostics">Which dimensions were chosen by us.</param>
internal sealed record InputBinding(
    ImmutableArray<TracedTensor> Tensors, ImmutableArray<ModelInput> Inputs, IReadOnlyDictionary<string, int> Dimensions,
    ImmutableArray<Diagnostic> Diagnostics)
{
    private const int Side = 64;
    private const int Length = 16;

    /// <summary>The samples of one run where the model fixes them, else the given number.</summary>
    public int BatchOr(int batch) =>
        Inputs.Where(input => input.BatchAxis >= 0)
            .Select(input => input.Shape[input.BatchAxis])
            .FirstOrDefault(size => size is not null) is { } size
            ? checked((int)size)
            : batch;

    /// <summary>
    /// Binds the inputs. The axis of the samples is the one in <paramref name="batchAxes"/>, else the one that
    /// <see cref="BatchNames"/> finds; where it is free it gets <paramref name="batch"/>, a size that no other axis is
    /// likely to have.
    /// </summary>
    public static InputBinding Of(
        ModelProto model, IReadOnlyDictionary<string, int> given, IReadOnlyDictionary<string, int> batchAxes, int batch)
    {
        var stored = model.Graph.Initializer.Select(tensor => tensor.Name)
            .Concat(model.Graph.SparseInitializer.Select(sparse => sparse.Values?.Name ?? ""))
            .ToHashSet(StringComparer.Ordinal);
        var fed = model.Graph.Input.Where(input => !stored.Contains(input.Name)).DistinctBy(input => input.Name).ToArray();
        var found = BatchNames.AxesOf(fed, batchAxes);
        var sizes = new Sizes(given, batch);
        var bound = fed.Select(input => input.Type?.TensorType is { Shape: not null } type
            ? Bind(input.Name, type, found[input.Name], sizes)
            : Unshaped(input.Name, input.Type?.TensorType?.ElemType ?? 0)).ToImmutableArray();
        return new InputBinding(
            [.. bound.Select(input => input.Tensor)], [.. bound.Select(input => input.Input)], sizes.Dimensions,
            sizes.Diagnostics);
    }

    private static (TracedTensor Tensor, ModelInput Input) Unshaped(string name, int elementType) => (
        new TracedTensor { Name = name, ElementType = elementType, Axes = default, Origin = name },
        new ModelInput(name, elementType, [], [], -1));

    private static (TracedTensor Tensor, ModelInput Input) Bind(
        string name, TypeProto.Types.Tensor type, int found, Sizes sizes)
    {
        var dims = type.Shape.Dim;
        var batchAxis = found < dims.Count ? found : -1;
        var axes = ImmutableArray.CreateBuilder<Axis>();
        var shape = ImmutableArray.CreateBuilder<long?>();
        var symbols = ImmutableArray.CreateBuilder<string>();
        for (var i = 0; i < dims.Count; i++)
        {
            var isFixed = dims[i].HasDimValue && dims[i].DimValue > 0;
            var isBatch = i == batchAxis;
            var symbol = isFixed ? "" : dims[i].HasDimParam && dims[i].DimParam.Length > 0 ? dims[i].DimParam : $"{name}.{i}";
            var size = isFixed
                ? checked((int)dims[i].DimValue)
                : sizes.Of(symbol, isBatch, (DataType)type.ElemType, dims.Count + (batchAxis < 0 ? 1 : 0));
            axes.Add(Axis.Of(size, isBatch ? AxisRole.Batch : null));
            shape.Add(!isFixed && isBatch && sizes.LeavesFree(symbol) ? null : size);
            symbols.Add(symbol);
        }
        return (
            new TracedTensor { Name = name, ElementType = type.ElemType, Axes = axes.ToImmutable(), Origin = name },
            new ModelInput(name, type.ElemType, shape.ToImmutable(), symbols.ToImmutable(), batchAxis));
    }

    /// <summary>The sizes of free dimensions: given, or chosen once for each name.</summary>
    private sealed class Sizes(IReadOnlyDictionary<string, int> given, int batch)
    {
        private readonly Dictionary<string, int> dimensions = new(given, StringComparer.Ordinal);
        private readonly List<string> chosen = [];

        public IReadOnlyDictionary<string, int> Dimensions => dimensions;

        public ImmutableArray<Diagnostic> Diagnostics => chosen.Count == 0
            ? []
            : [Diagnostic.Note("",
                $"free dimensions were given a size: {string.Join(", ", chosen.Distinct())}; choose with --dim NAME=SIZE")];

        public bool LeavesFree(string symbol) => batch != 1 && !given.ContainsKey(symbol);

        public int Of(string symbol, bool isBatch, DataType type, int rank)
        {
            if (!dimensions.TryGetValue(symbol, out var size))
            {
                size = isBatch ? batch
                    : rank >= 4 && type is DataType.Float or DataType.Float16 or DataType.Double ? Side
                    : Length;
                dimensions.Add(symbol, size);
            }
            if (!isBatch && !given.ContainsKey(symbol))
                chosen.Add($"{symbol}={size}");
            return size;
        }
    }
}
