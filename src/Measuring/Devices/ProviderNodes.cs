using Emergence.Checkpoints;

namespace Emergence.Measuring.Devices;

/// <summary>How many nodes of a model one execution provider runs.</summary>
/// <param name="Name">The provider, as ONNX Runtime names it.</param>
/// <param name="Nodes">Nodes after basic optimization, without those that count activations.</param>
public sealed record ProviderNodes(string Name, int Nodes)
{
    private const string Subject = "device";

    /// <summary>Where the nodes of a model run that are no layers; on the CPU most are the arithmetic of shapes.</summary>
    internal static Diagnostic Placement(string message) => Diagnostic.Note(Subject, message);

    /// <summary>Whether a diagnostic is one of <see cref="Placement"/>.</summary>
    public static bool IsPlacement(Diagnostic diagnostic)
    {
        ArgumentNullException.ThrowIfNull(diagnostic);
        return diagnostic is { Severity: Severity.Note, Subject: Subject };
    }
}
