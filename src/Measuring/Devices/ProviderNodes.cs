namespace Emergence.Measuring.Devices;

/// <summary>How many nodes of a model one execution provider runs.</summary>
/// <param name="Name">The provider, as ONNX Runtime names it.</param>
/// <param name="Nodes">Nodes after basic optimization, those that count activations included.</param>
public sealed record ProviderNodes(string Name, int Nodes);
