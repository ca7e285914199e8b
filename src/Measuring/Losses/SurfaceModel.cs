using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Weights;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Losses;

/// <summary>The stored tensors that a loss is a function of, and those that are copies of them.</summary>
/// <param name="Tensors">The tensors: weights, biases, normalizations of the layers; then others.</param>
/// <param name="Stored">Each stored tensor that is an input: which of <paramref name="Tensors"/> it holds.</param>
/// <param name="Diagnostics">What the user should know.</param>
internal sealed record SurfaceModel(
    ImmutableArray<MovedTensor> Tensors, ImmutableArray<StoredInput> Stored, ImmutableArray<Diagnostic> Diagnostics)
{
    /// <summary>Finds the tensors of a traced model.</summary>
    /// <param name="checkpoint">The prepared checkpoint.</param>
    /// <param name="traced">Its trace.</param>
    /// <param name="graph">The layers that count.</param>
    /// <param name="others">Names of other stored tensors to move.</param>
    /// <exception cref="UserException">A weight is quantized, or there is none.</exception>
    public static SurfaceModel Of(Checkpoint checkpoint, TracedModel traced, LayerGraph graph, ImmutableArray<string> others)
    {
        var stored = new StoredTensors(checkpoint.Model, checkpoint.Directory);
        var quantizations = new Quantizations(stored, traced.Nodes);
        var filters = new FilterAxes(traced);
        var (tensors, inputs) = (new List<MovedTensor>(), new List<StoredInput>());
        var diagnostics = new List<Diagnostic>();
        foreach (var (layer, parameter) in graph.Layers
            .SelectMany(layer => layer.Parameters, (layer, parameter) => (layer, parameter))
            .DistinctBy(pair => pair.parameter.Tensor))
        {
            Require(checkpoint, stored, quantizations, layer, parameter);
            var original = tensors.FindIndex(tensor => tensor.Name == parameter.Original);
            if (original >= 0)
            {
                inputs.Add(StoredInput.Of(parameter.Tensor, original, stored, tensors[original]));
                continue;
            }
            var tensor = Tensor(parameter.Tensor, layer.Name, parameter.Role);
            if (parameter.Role == ParameterRole.Weight)
            {
                tensor = tensor with { FilterAxes = filters.Of(parameter.Tensor) };
                if (tensor.FilterAxes.IsEmpty)
                    diagnostics.Add(Diagnostic.Note(layer.Name,
                        $"which weights of '{parameter.Tensor}' make one output is not known: the tensor counts as one filter"));
            }
            Add(tensor);
        }
        if (tensors.All(tensor => tensor.Role != ParameterRole.Weight || tensor.Values.Length == 0))
            throw new UserException(
                $"{checkpoint.FileName}: stores no float weights that could be moved; export the model with its weights");
        foreach (var name in others)
            Add(Tensor(name, "", null));
        return new SurfaceModel([.. tensors], [.. inputs], [.. diagnostics]);

        MovedTensor Tensor(string name, string layer, ParameterRole? role) =>
            new(name, layer, role, [.. stored.Dims(name).Select(dim => checked((int)dim))], stored.Doubles(name));

        void Add(MovedTensor tensor)
        {
            inputs.Add(new StoredInput(tensor.Name, tensors.Count, stored.ElementType(tensor.Name),
                [.. stored.Dims(tensor.Name)]));
            tensors.Add(tensor);
        }
    }

    private static void Require(
        Checkpoint checkpoint, StoredTensors stored, Quantizations quantizations, TracedLayer layer, LayerParameter parameter)
    {
        if (!stored.Contains(parameter.Tensor))
            throw new UserException(
                $"{checkpoint.FileName}: layer '{layer.Name}' ({layer.Op}): '{parameter.Tensor}' lies inside a function of the "
                + "model, so it cannot be moved; export the model with its functions inlined");
        var type = stored.ElementType(parameter.Tensor);
        if (parameter.IsPacked || !ReferenceEquals(quantizations.Of(parameter.Tensor), Dequantization.None)
            || (DataType)type is not (DataType.Float or DataType.Double or DataType.Float16))
            throw new UserException(
                $"{checkpoint.FileName}: layer '{layer.Name}' ({layer.Op}): '{parameter.Tensor}' is stored as "
                + $"{ElementTypes.NameOf(type)}; a landscape moves weights of float16, float32 or float64 by small steps: give "
                + "the model as it was before it was quantized");
    }

    /// <summary>The model with the tensors as inputs and one output.</summary>
    /// <param name="model">The form that runs.</param>
    /// <param name="output">The tensor that leaves it.</param>
    public ModelProto Apply(ModelProto model, string output)
    {
        var result = WeightInputs.Apply(model,
            [.. Stored.Select(input => (input.Name, input.ElementType, input.Dims.ToArray()))]);
        var declared = result.Graph.Output.FirstOrDefault(value => value.Name == output) ?? new ValueInfoProto { Name = output };
        result.Graph.Output.Clear();
        result.Graph.Output.Add(declared);
        return result;
    }
}

/// <summary>A stored tensor that is an input of the model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Tensor">Index of the moved tensor that it holds.</param>
/// <param name="ElementType">Its <c>TensorProto.DataType</c>.</param>
/// <param name="Dims">Its dimensions.</param>
internal sealed record StoredInput(string Name, int Tensor, int ElementType, ImmutableArray<long> Dims)
{
    /// <summary>Whether it is a tied weight that is stored again, transposed.</summary>
    public bool IsTransposed { get; private init; }

    /// <summary>A tied weight that is stored again, as it is or transposed.</summary>
    public static StoredInput Of(string name, int index, StoredTensors stored, MovedTensor original) =>
        new(name, index, stored.ElementType(name), [.. stored.Dims(name)])
        {
            IsTransposed = !stored.Dims(name).SequenceEqual(original.Dims.Select(dim => (long)dim))
                || !stored.Doubles(name).AsSpan().SequenceEqual(original.Values.Span),
        };

    /// <summary>The element of the moved tensor behind an element.</summary>
    public int SourceOf(int element, int count)
    {
        if (!IsTransposed)
            return element;
        var columns = (int)Dims[^1];
        return element % columns * (count / columns) + element / columns;
    }
}
