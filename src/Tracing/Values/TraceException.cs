namespace Emergence.Tracing.Values;

/// <summary>What a rule finds wrong with a node; the tracer adds file and node.</summary>
internal sealed class TraceException(string message) : Exception(message);
