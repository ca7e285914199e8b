using System.Collections.Immutable;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>
/// A function, scale or quantizer that stands behind a pooling or a part of a layer's values, as nodes that apply it to all of
/// them. The nodes' names and results are to be replaced by fresh ones.
/// </summary>
/// <param name="Input">What the nodes call the tensor that they are applied to.</param>
/// <param name="Output">What they call the result.</param>
/// <param name="Nodes">The nodes, producers before consumers; everything else that they read is a constant of the model.</param>
public sealed record AppliedStep(string Input, string Output, ImmutableArray<NodeProto> Nodes);
