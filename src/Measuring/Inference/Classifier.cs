using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Inference;

/// <summary>Counts how often a model's largest logit is that of the label.</summary>
internal sealed class Classifier
{
    private readonly ImmutableArray<int> labels;
    private readonly LabelOrigin origin;
    private int correct;
    private int seen;
    private int? first;
    private Diagnostic? unfit;
    private Diagnostic? shifted;

    /// <summary>Looks for the logits of a model and will compare them with <paramref name="labels"/>, one per sample.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="labels">The class of each sample.</param>
    /// <param name="origin">Where they come from; null: they are all there are, and chosen by the user.</param>
    public Classifier(GraphProto graph, ImmutableArray<int> labels, LabelOrigin? origin = null)
    {
        this.labels = labels;
        this.origin = origin ?? new LabelOrigin("labels", labels.Min(), labels.Max(), IsChosen: true);
        Logits = graph.Output.FirstOrDefault(output => CanBeLogits(output.Type))?.Name;
        unfit = Logits is null ? Diagnostic.Note("accuracy", "the model has no output of logits per class") : null;
    }

    /// <summary>
    /// The first output that can be a classifier's: floating point, of shape [samples, classes] with any number of
    /// trailing ones, as far as the shape is declared; null if there is none.
    /// </summary>
    public string? Logits { get; }

    /// <summary>What was found by now.</summary>
    public ClassifierCounts Counts => new(correct, seen, unfit, shifted);

    /// <summary>Takes in one run.</summary>
    /// <param name="logits">The logits as double, rows of padding included.</param>
    /// <param name="run">The run.</param>
    /// <exception cref="UserException">Labels that the user chose are no classes of the model.</exception>
    public void Add(OrtValue logits, RunOutputs run)
    {
        if (unfit is not null)
            return;
        var shape = logits.GetTensorTypeAndShape().Shape;
        var classes = ClassesIn(shape, run.Fed);
        if (classes < 2)
        {
            unfit = Diagnostic.Note("accuracy",
                $"the output of shape [{string.Join(',', shape)}] for {run.Fed} samples has no logits per class");
            return;
        }
        if ((first ??= FirstClass(classes)) is not { } from)
            return;
        var values = logits.GetTensorDataAsSpan<double>();
        for (var row = 0; row < run.Count; row++)
            correct += Largest(values.Slice(row * classes, classes)) == labels[run.Start + row] - from ? 1 : 0;
        seen += run.Count;
    }

    /// <summary>The number that labels give the first class; null where they are no classes of the model.</summary>
    private int? FirstClass(int classes)
    {
        if (FirstClass(origin, classes, out shifted) is { } from)
            return from;
        var finding = Misfit(origin, classes);
        if (origin.IsChosen)
            throw new UserException($"{origin.Subject}: {finding}; give labels from 0 to {classes - 1}, or leave out --labels");
        unfit = Diagnostic.Warning(origin.Subject, $"{finding}: there is no accuracy; give fitting labels with --labels");
        return null;
    }

    /// <summary>The number that labels give the first class; null where they are no classes of the model.</summary>
    /// <param name="origin">The labels.</param>
    /// <param name="classes">Number of classes of the model.</param>
    /// <param name="shifted">Says so where they are taken to be counted from 1; else null.</param>
    internal static int? FirstClass(LabelOrigin origin, int classes, out Diagnostic? shifted)
    {
        shifted = null;
        if (origin.Largest < classes)
            return 0;
        if (origin.Least < 1 || origin.Largest != classes)
            return null;
        shifted = Diagnostic.Note(
            origin.Subject,
            $"labels go from {origin.Least} to {classes} for {classes} classes: they are taken to be counted from 1");
        return 1;
    }

    /// <summary>Why labels are no classes of a model.</summary>
    internal static string Misfit(LabelOrigin origin, int classes) =>
        $"labels go from {origin.Least} to {origin.Largest}, but the model has {classes} classes";

    internal static bool CanBeLogits(TypeProto? type)
    {
        if (type?.TensorType is not { } tensor
            || (DataType)tensor.ElemType is not (DataType.Float or DataType.Double or DataType.Float16 or DataType.Bfloat16))
            return false;
        if (tensor.Shape is not { } shape)
            return true;
        var sizes = shape.Dim.Select(dim => dim.HasDimValue ? dim.DimValue : -1).ToArray();
        // A model without batch axis has [classes].
        var classes = sizes.Length == 1 ? sizes[0] : sizes.ElementAtOrDefault(1);
        return classes is > 1 or -1 && sizes.Skip(2).All(size => size == 1);
    }

    internal static int ClassesIn(long[] shape, int fed)
    {
        if (shape.Length == 1 && fed == 1)
            return checked((int)shape[0]);
        return shape.Length >= 2 && shape[0] == fed && shape.Skip(2).All(size => size == 1) ? checked((int)shape[1]) : 0;
    }

    /// <summary>Index of the largest value, the lowest of equal ones; -1 where all are NaN.</summary>
    internal static int Largest(ReadOnlySpan<double> logits)
    {
        var largest = -1;
        for (var i = 0; i < logits.Length; i++)
        {
            if (!double.IsNaN(logits[i]) && (largest < 0 || logits[i] > logits[largest]))
                largest = i;
        }
        return largest;
    }
}
