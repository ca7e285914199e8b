using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Values;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Losses;

/// <summary>What a loss reads.</summary>
public enum OutputForm
{
    /// <summary>Numbers whose softmax are the probabilities; log-probabilities are such.</summary>
    Logits,

    /// <summary>Probabilities: they are not negative and add up to 1.</summary>
    Probabilities,

    /// <summary>Any numbers.</summary>
    Values,
}

/// <summary>The tensor that a loss is computed from.</summary>
/// <param name="Tensor">Its name.</param>
/// <param name="Form">What its numbers are.</param>
/// <param name="Remark">How that is known; null where there is nothing to say.</param>
internal sealed record LossHead(string Tensor, OutputForm Form, Diagnostic? Remark)
{
    // Rounding of a softmax in float16 over a thousand classes.
    private const double Tolerance = 5e-3;

    /// <summary>Finds the tensor.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="settings">The loss.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="subject">The model's file, for errors.</param>
    /// <exception cref="UserException">The model or the samples do not have what the loss needs.</exception>
    public static LossHead Find(GraphProto graph, LossSettings settings, Probe probe, string subject)
    {
        if (settings.Kind != LossKind.CrossEntropy)
        {
            if (settings.Kind == LossKind.SquaredError && settings.Targets is null && probe.Labels is null)
                throw new UserException(
                    $"{subject}: --loss mse needs what the outputs should be, and the samples have no labels; give --targets "
                    + "FILE");
            return graph.Output.FirstOrDefault(output => IsFloat(output.Type)) is { } first
                ? new LossHead(first.Name, OutputForm.Values, null)
                : throw new UserException($"{subject}: has no output of floating-point numbers to compute a loss from");
        }
        if (probe.Labels is null)
            throw new UserException(
                $"{subject}: cross-entropy needs the class of each sample, and the samples have no labels; give --labels FILE, "
                + "or --loss mse with --targets FILE");
        var logits = graph.Output.FirstOrDefault(output => Classifier.CanBeLogits(output.Type))?.Name
            ?? throw new UserException(
                $"{subject}: has no output with a value for each class, as cross-entropy needs; give --loss mse with --targets "
                + "FILE, or --loss output for a model that gives its own loss");
        return BehindSoftmax(graph, logits);
    }

    /// <summary>In front of a softmax at the end, the loss is computed from logits, which do not underflow.</summary>
    private static LossHead BehindSoftmax(GraphProto graph, string output)
    {
        var producers = graph.Node.SelectMany(node => node.Output, (node, name) => (node, name))
            .ToLookup(pair => pair.name, pair => pair.node, StringComparer.Ordinal);
        for (var tensor = output; producers[tensor].FirstOrDefault() is { } node; tensor = node.Input[0])
        {
            if (node.OpType is "Softmax" or "LogSoftmax" && new AttributeReader(node).Int("axis", 1) is 1 or -1)
                return new LossHead(node.Input[0], OutputForm.Logits, Diagnostic.Note("loss",
                    $"output '{output}' is a {node.OpType}: cross-entropy is computed from the logits in front of it, "
                    + $"'{node.Input[0]}'"));
            if (node.OpType is not ("Identity" or "Cast" or "Dropout") || node.Input.Count == 0)
                break;
        }
        return new LossHead(output, OutputForm.Logits, null);
    }

    /// <summary>The same tensor with the form that its values on some samples show.</summary>
    public LossHead Seen(ReadOnlySpan<double> values, int width)
    {
        if (Form != OutputForm.Logits || Remark is not null)
            return this;
        for (var start = 0; start < values.Length; start += width)
        {
            var sum = 0.0;
            foreach (var value in values.Slice(start, width))
            {
                if (value is not (>= 0 and <= 1 + Tolerance))
                    return With(OutputForm.Logits);
                sum += value;
            }
            if (Math.Abs(sum - 1) > Tolerance)
                return With(OutputForm.Logits);
        }
        return With(OutputForm.Probabilities);

        LossHead With(OutputForm form) => this with
        {
            Form = form,
            Remark = Diagnostic.Note("loss", form == OutputForm.Logits
                ? $"output '{Tensor}' is taken for logits: its values are no probabilities"
                : $"output '{Tensor}' is taken for probabilities: its values are not negative and add up to 1"),
        };
    }

    internal static bool IsFloat(TypeProto? type) =>
        (DataType)(type?.TensorType?.ElemType ?? 0) is DataType.Float or DataType.Double or DataType.Float16;
}
