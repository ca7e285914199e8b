using Emergence.Checkpoints;

namespace Emergence.Tracing.Model;

/// <summary>The tensors whose shape does not follow from the file, and what is known of them otherwise.</summary>
/// <param name="declared">What the file claims of them.</param>
/// <param name="measured">What a run has shown; empty before there was one.</param>
/// <param name="batch">The number of samples that the trace assumes.</param>
/// <param name="consumers">How many nodes read each tensor; what nobody reads needs no shape.</param>
internal sealed class UnknownShapes(
    DeclaredTypes declared, IReadOnlyDictionary<string, MeasuredShape> measured, int batch,
    IReadOnlyDictionary<string, int> consumers)
{
    private readonly List<string> _unmeasured = [];
    private readonly List<string> _claimed = [];

    /// <summary>Tensors that have not been measured, in the order in which the trace met them.</summary>
    public IReadOnlyCollection<string> Unmeasured => _unmeasured;

    /// <summary>True where a node reads the tensor.</summary>
    public bool IsRead(string name) => consumers.ContainsKey(name);

    /// <summary>A <c>TensorProto.DataType</c>, or 0.</summary>
    public int ElementTypeOf(string name) => measured.GetValueOrDefault(name)?.ElementType ?? declared.ElementTypeOf(name);

    /// <summary>The tensor with the shape that was measured, else with the one that is claimed, else without one.</summary>
    public TracedTensor Complete(TracedTensor tensor, string name)
    {
        if (measured.TryGetValue(name, out var shape))
            return tensor with
            {
                Axes = shape.At(batch),
                ElementType = tensor.ElementType != 0 ? tensor.ElementType : shape.ElementType
            };
        if (!IsRead(name))
            return tensor;
        _unmeasured.Add(name);
        if (declared.Claim(name) is not { } claim)
            return tensor;
        _claimed.Add(name);
        return tensor with { Axes = claim };
    }

    /// <summary>Says of which tensors no more is known than what the file claims, or nothing at all.</summary>
    public IEnumerable<Diagnostic> Diagnostics(string? whyUnmeasured)
    {
        if (_unmeasured.Count == 0 || whyUnmeasured is null)
            yield break;
        var unknown = _unmeasured.Except(_claimed, StringComparer.Ordinal).ToArray();
        if (_claimed.Count > 0)
            yield return Diagnostic.Warning(_claimed[0],
                $"the shape of {Named(_claimed)} is what the file declares, unchecked: {whyUnmeasured}");
        if (unknown.Length > 0)
            yield return Diagnostic.Warning(unknown[0], $"the shape of {Named(unknown)} is not known: {whyUnmeasured}");
    }

    private static string Named(IReadOnlyList<string> names) =>
        names.Count == 1 ? "this tensor" : $"this and {names.Count - 1} more tensors";
}
