using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;

namespace Emergence.Tracing;

/// <summary>A model as the trace sees it, without running it: what <c>inspect</c> shows.</summary>
/// <param name="File">The file as the user named it.</param>
/// <param name="Bytes">Size of the file, external data not included.</param>
/// <param name="Sha256">Its hash.</param>
/// <param name="IrVersion">Version of the file format.</param>
/// <param name="Producer">The exporter and its version, or empty.</param>
/// <param name="Opsets">The operator sets imported, as <c>domain:version</c>.</param>
/// <param name="Graph">Layers, edges, inputs, warnings.</param>
/// <param name="ParametersTraced">Elements of the traced layers' stored tensors, tied ones once.</param>
/// <param name="ParametersNonzero">Those that are not zero.</param>
public sealed record LayerInspection(
    string File, long Bytes, string Sha256, long IrVersion, string Producer, ImmutableArray<string> Opsets, LayerGraph Graph,
    long ParametersTraced, long ParametersNonzero)
{
    /// <summary>What is known of every tensor; null where it was not asked for.</summary>
    public ImmutableArray<TensorInspection>? Tensors { get; init; }

    /// <summary>Opens and traces a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="options">What the user says of the trace.</param>
    /// <param name="tensors">Whether <see cref="Tensors"/> are wanted.</param>
    /// <exception cref="UserException">The file cannot be read, or has no layer.</exception>
    public static LayerInspection Of(string file, TraceOptions options, bool tensors = false)
    {
        ArgumentNullException.ThrowIfNull(options);
        var checkpoint = Checkpoint.Open(file);
        var traced = LayerTracer.TraceFully(checkpoint, options);
        var graph = traced.Graph;
        var model = checkpoint.Model;
        return new LayerInspection(
            file,
            new FileInfo(file).Length,
            checkpoint.Sha256,
            model.IrVersion,
            $"{model.ProducerName} {model.ProducerVersion}".Trim(),
            [.. model.OpsetImport.Select(import =>
                $"{(string.IsNullOrEmpty(import.Domain) ? "ai.onnx" : import.Domain)}:{import.Version}")],
            graph,
            graph.Parameters.Sum(parameter => parameter.Count),
            graph.Parameters.Sum(parameter => parameter.Nonzero))
        {
            Tensors = tensors ? TensorInspection.Of(traced) : null,
        };
    }

    /// <summary>The layers that feed a layer, as one line: indices, those of identity edges marked.</summary>
    public string FedBy(int layer) => string.Join(" ", Graph.Edges.Where(edge => edge.To == layer)
        .Select(edge => edge.Kind == EdgeKind.Identity ? $"{edge.From}=" : $"{edge.From}"));
}
