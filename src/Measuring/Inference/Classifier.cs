using System.Collections.Immutable;
using Emergence.Checkpoints;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Inference;

/// <summary>Counts how often a model's largest logit is that of the label.</summary>
internal sealed class Classifier
{
    private readonly ImmutableArray<int> labels;
    private int correct;
    private int seen;
    private string? unfit;

    /// <summary>Looks for the logits of a model and will compare them with <paramref name="labels"/>, one per sample.</summary>
    public Classifier(GraphProto graph, ImmutableArray<int> labels)
    {
        this.labels = labels;
        Logits = graph.Output.FirstOrDefault(output => CanBeLogits(output.Type))?.Name;
        unfit = Logits is null ? "the model has no output of logits per class" : null;
    }

    /// <summary>
    /// The first output that can be a classifier's: floating point, of shape [samples, classes] with any number of
    /// trailing ones, as far as the shape is declared; null where there is none.
    /// </summary>
    public string? Logits { get; }

    /// <summary>Share of samples classified as labelled; null where the output was no classifier's.</summary>
    public double? Accuracy => unfit is null && seen > 0 ? (double)correct / seen : null;

    /// <summary>Why there is no accuracy, where there is none.</summary>
    public IEnumerable<Diagnostic> Diagnostics => unfit is null ? [] : [Diagnostic.Note("accuracy", unfit)];

    /// <summary>Takes in one run.</summary>
    /// <param name="logits">The logits as double, rows of padding included.</param>
    /// <param name="run">The run.</param>
    public void Add(OrtValue logits, RunOutputs run)
    {
        if (unfit is not null)
            return;
        var shape = logits.GetTensorTypeAndShape().Shape;
        var classes = ClassesIn(shape, run.Fed);
        if (classes < 2)
        {
            unfit = $"the output of shape [{string.Join(',', shape)}] for {run.Fed} samples has no logits per class";
            return;
        }
        var values = logits.GetTensorDataAsSpan<double>();
        for (var row = 0; row < run.Count; row++)
            correct += Largest(values.Slice(row * classes, classes)) == labels[run.Start + row] ? 1 : 0;
        seen += run.Count;
    }

    private static bool CanBeLogits(TypeProto? type)
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

    private static int ClassesIn(long[] shape, int fed)
    {
        if (shape.Length == 1 && fed == 1)
            return checked((int)shape[0]);
        return shape.Length >= 2 && shape[0] == fed && shape.Skip(2).All(size => size == 1) ? checked((int)shape[1]) : 0;
    }

    /// <summary>Index of the largest value, the lowest of equal ones; -1 where all are NaN.</summary>
    private static int Largest(ReadOnlySpan<double> logits)
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
