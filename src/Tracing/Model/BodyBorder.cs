using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>
/// Operators that stand, in the trace alone, where values enter and leave the body of an If, Loop or Scan: the body is
/// traced as one iteration of it, in line with the graph around.
/// </summary>
internal static class BodyBorder
{
    public const string Domain = "emergence.body";

    /// <summary>A value of the graph around that the body reads. A constant stays one: it is folded as an Identity.</summary>
    public const string Capture = "Identity";

    /// <summary>A state that is carried from iteration to iteration, from what it starts with.</summary>
    public const string State = "State";

    /// <summary>The number of the iteration, or the condition to go on.</summary>
    public const string Counter = "Counter";

    /// <summary>What one iteration sees of a sequence; its axis is the attribute <c>axis</c>.</summary>
    public const string Step = "Step";

    /// <summary>The last value of a state; which one is the attribute <c>state</c>.</summary>
    public const string Last = "Last";

    /// <summary>The values of all iterations along a new axis, the attribute <c>axis</c>.</summary>
    public const string Stack = "Stack";

    /// <summary>The value of the branch that an If takes.</summary>
    public const string Choice = "Choice";

    /// <summary>True for a value that differs between iterations or runs, whatever it is computed from.</summary>
    public static bool Varies(NodeProto node) => node.Domain == Domain && node.OpType != Capture;

    /// <summary>The state of which the node has the last value; null for other nodes.</summary>
    public static string? StateOf(NodeProto node) =>
        node is { Domain: Domain, OpType: Last } ? new AttributeReader(node).Text("state", "") : null;
}
