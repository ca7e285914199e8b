using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Weights;
using Onnx;

namespace Emergence.Analyzer.Landscapes;

/// <summary>Reads the weights of one checkpoint under the names of another of the same architecture.</summary>
/// <param name="center">The other checkpoint.</param>
internal sealed class SeriesWeights(TracedCheckpoint center)
{
    private readonly StoredTensors own = Stored(center);

    /// <summary>The weights of a checkpoint less those of the center.</summary>
    /// <param name="model">The checkpoint.</param>
    /// <param name="tensors">The tensors of the center that are moved.</param>
    /// <exception cref="UserException">It is of another architecture.</exception>
    public Direction DifferenceOf(TracedCheckpoint model, ImmutableArray<MovedTensor> tensors)
    {
        RequireSameNodes(model);
        var stored = Stored(model);
        RequireSameTies(model, stored);
        return new Direction([.. tensors.Select(tensor =>
        {
            RequireSame(model, stored, tensor.Name);
            var values = stored.Doubles(tensor.Name);
            var from = tensor.Values.Span;
            for (var i = 0; i < values.Length; i++)
                values[i] -= from[i];
            return (ReadOnlyMemory<double>)values;
        })]);
    }

    /// <summary>Stored tensors of numbers that differ beside the parameters: running means and variances.</summary>
    /// <exception cref="UserException">Another kind of tensor differs, so that it is another network.</exception>
    public ImmutableArray<string> OthersThatDiffer(TracedCheckpoint model, IReadOnlySet<string> parameters)
    {
        RequireSameNodes(model);
        var stored = Stored(model);
        var result = ImmutableArray.CreateBuilder<string>();
        foreach (var name in own.Names.Where(name => !parameters.Contains(name)))
        {
            RequireSame(model, stored, name);
            if (IsSame(stored, name))
                continue;
            if (!ElementTypes.IsFloat(own.ElementType(name)))
                throw Differs(model, $"stored tensor '{name}' has other values, and is no float that a line could run between");
            result.Add(name);
        }
        return result.ToImmutable();
    }

    private bool IsSame(StoredTensors stored, string name) =>
        ElementTypes.IsFloat(own.ElementType(name)) || ElementTypes.IsInteger(own.ElementType(name))
            ? own.Doubles(name).AsSpan().SequenceEqual(stored.Doubles(name))
            : own.Get(name).Equals(stored.Get(name));

    private void RequireSame(TracedCheckpoint model, StoredTensors stored, string name)
    {
        if (!stored.Contains(name))
            throw Differs(model, $"it stores no tensor '{name}'");
        if (!stored.Dims(name).SequenceEqual(own.Dims(name)) || stored.ElementType(name) != own.ElementType(name))
            throw Differs(model,
                $"tensor '{name}' is {Describe(stored, name)} where it is {Describe(own, name)} in {center.Checkpoint.FileName}");
    }

    /// <summary>What is stored twice moves as one, so that it must be so in every checkpoint.</summary>
    private void RequireSameTies(TracedCheckpoint model, StoredTensors stored)
    {
        foreach (var copy in center.Graph.Layers.SelectMany(layer => layer.Parameters)
            .Where(parameter => parameter.Original != parameter.Tensor))
        {
            RequireSame(model, stored, copy.Tensor);
            RequireSame(model, stored, copy.Original);
            if (!stored.Doubles(copy.Tensor).Order().SequenceEqual(stored.Doubles(copy.Original).Order()))
                throw Differs(model, $"tensors '{copy.Tensor}' and '{copy.Original}' are not tied");
        }
    }

    private void RequireSameNodes(TracedCheckpoint model)
    {
        var (nodes, others) = (Computing(center), Computing(model));
        foreach (var (node, other) in nodes.Zip(others))
        {
            if (node.OpType != other.OpType || node.Domain != other.Domain || !node.Attribute.Equals(other.Attribute))
                throw Differs(model,
                    $"node '{other.Name}' ({other.OpType}) is where '{node.Name}' ({node.OpType}) is in "
                    + $"{center.Checkpoint.FileName}, or has other attributes");
        }
        if (nodes.Length != others.Length)
            throw Differs(model, $"it has {others.Length} nodes, not {nodes.Length} as {center.Checkpoint.FileName}");
    }

    private UserException Differs(TracedCheckpoint model, string finding) => new(
        $"{model.Checkpoint.Path}: is of another architecture than {center.Checkpoint.Path}: {finding}; give checkpoints of one "
        + "network");

    private static NodeProto[] Computing(TracedCheckpoint model) =>
        [.. model.Checkpoint.Model.Graph.Node.Where(node => node.OpType != "Constant")];

    private static StoredTensors Stored(TracedCheckpoint model) => new(model.Checkpoint.Model, model.Checkpoint.Directory);

    private static string Describe(StoredTensors stored, string name) =>
        $"{ElementTypes.NameOf(stored.ElementType(name))}[{string.Join(',', stored.Dims(name))}]";
}
