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
        var dimensions = new Dictionary<string, int>(given, StringComparer.Ordinal);
        var tensors = ImmutableArray.CreateBuilder<TracedTensor>();
        var inputs = ImmutableArray.CreateBuilder<ModelInput>();
        var chosen = new List<string>();
        foreach (var input in fed)
        {
            var type = input.Type?.TensorType;
            if (type?.Shape is null)
            {
                tensors.Add(new TracedTensor
                {
                    Name = input.Name,
                    ElementType = type?.ElemType ?? 0,
                    Axes = default,
                    Origin = input.Name
                });
                inputs.Add(new ModelInput(input.Name, type?.ElemType ?? 0, [], [], -1));
                continue;
            }
            var dims = type.Shape.Dim;
            var batchAxis = found[input.Name] < dims.Count ? found[input.Name] : -1;
            var axes = ImmutableArray.CreateBuilder<Axis>();
            var shape = ImmutableArray.CreateBuilder<long?>();
            var symbols = ImmutableArray.CreateBuilder<string>();
            for (var i = 0; i < dims.Count; i++)
            {
                var isFree = !dims[i].HasDimValue || dims[i].DimValue <= 0;
                var symbol =
                    !isFree ? "" : dims[i].HasDimParam && dims[i].DimParam.Length > 0 ? dims[i].DimParam : $"{input.Name}.{i}";
                int size;
                if (!isFree)
                    size = checked((int)dims[i].DimValue);
                else if (dimensions.TryGetValue(symbol, out var known))
                    size = known;
                else
                    size = Choose(i == batchAxis, (DataType)type.ElemType, dims.Count + (batchAxis < 0 ? 1 : 0));
                if (isFree && i != batchAxis && !given.ContainsKey(symbol))
                    chosen.Add($"{symbol}={size}");
                if (isFree)
                    dimensions.TryAdd(symbol, size);
                axes.Add(Axis.Of(size, i == batchAxis ? AxisRole.Batch : null));
                shape.Add(isFree && i == batchAxis && !given.ContainsKey(symbol) && batch != 1 ? null : size);
                symbols.Add(symbol);
            }
            tensors.Add(new TracedTensor
            {
                Name = input.Name,
                ElementType = type.ElemType,
                Axes = axes.ToImmutable(),
                Origin = input.Name
            });
            inputs.Add(new ModelInput(input.Name, type.ElemType, shape.ToImmutable(), symbols.ToImmutable(), batchAxis));
        }
        ImmutableArray<Diagnostic> diagnostics = chosen.Count == 0
            ? []
            : [Diagnostic.Note("",
                $"free dimensions were given a size: {string.Join(", ", chosen.Distinct())}; choose with --dim NAME=SIZE")];
        return new InputBinding(tensors.ToImmutable(), inputs.ToImmutable(), dimensions, diagnostics);

        int Choose(bool isBatch, DataType type, int rank) =>
            isBatch ? batch : rank >= 4 && type is DataType.Float or DataType.Float16 or DataType.Double ? Side : Length;
    }
}
