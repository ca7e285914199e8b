using System.Runtime.InteropServices;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;

namespace Emergence.Measuring.Losses;

/// <summary>Adds up the loss over the runs of a probe, sample after sample, in double.</summary>
/// <param name="head">What is read.</param>
/// <param name="settings">The loss.</param>
/// <param name="probe">The samples.</param>
/// <param name="subject">The model's file, for errors.</param>
internal sealed class LossMeter(LossHead head, LossSettings settings, Probe probe, string subject)
{
    private readonly List<double> values = [];
    private double sum;
    private int correct;
    private int seen;
    private bool hasClasses;

    /// <summary>What is known of the output once a run has been seen.</summary>
    public LossHead Head { get; private set; } = head;

    /// <summary>That labels are counted from 1; null where they are not.</summary>
    public Diagnostic? Shifted { get; private set; }

    /// <summary>The mean over the samples since the last call.</summary>
    public LossValue Take()
    {
        var result = new LossValue(sum / seen, hasClasses ? (double)correct / seen : null);
        (sum, correct, seen) = (0, 0, 0);
        return result;
    }

    /// <summary>Takes in one run.</summary>
    /// <exception cref="UserException">The output does not have what the loss needs.</exception>
    public void Add(RunOutputs run)
    {
        var output = run.Outputs[0];
        var shape = output.GetTensorTypeAndShape().Shape;
        OutputValues.Read(output, values);
        var all = CollectionsMarshal.AsSpan(values);
        var isWhole = shape.Length > 0 && shape[0] == run.Fed || run.Fed == 1 && all.Length > 0;
        var width = isWhole ? all.Length / run.Fed : 0;
        switch (settings.Kind)
        {
            case LossKind.CrossEntropy:
                AddClasses(all, Classifier.ClassesIn(shape, run.Fed), shape, run);
                break;
            case LossKind.SquaredError when width > 0:
                AddSquares(all, width, run);
                break;
            case LossKind.Output when width == 1:
                foreach (var loss in all[..run.Count])
                    sum += loss;
                break;
            // A loss that the model has averaged over the run.
            case LossKind.Output when all.Length == 1 && run.Fed == run.Count:
                sum += all[0] * run.Count;
                break;
            default:
                throw new UserException(
                    $"{subject}: output '{Head.Tensor}' has shape [{string.Join(',', shape)}] for {run.Fed} samples, which "
                    + $"--loss {LossWords.Of(settings.Kind)} cannot use; it needs values for each sample");
        }
        seen += run.Count;
    }

    private void AddClasses(ReadOnlySpan<double> all, int classes, long[] shape, RunOutputs run)
    {
        if (classes < 2)
            throw new UserException(
                $"{subject}: output '{Head.Tensor}' has shape [{string.Join(',', shape)}] for {run.Fed} samples, so it has no "
                + "value for each class, as cross-entropy needs; give --loss mse with --targets FILE");
        var first = FirstClass(classes);
        Head = Head.Seen(all[..(run.Count * classes)], classes);
        for (var row = 0; row < run.Count; row++)
        {
            var logits = all.Slice(row * classes, classes);
            var label = probe.Labels!.Value[run.Start + row] - first;
            sum += Head.Form == OutputForm.Probabilities ? OfProbability(logits[label]) : CrossEntropy(logits, label);
            correct += Classifier.Largest(logits) == label ? 1 : 0;
        }
        hasClasses = true;
    }

    private void AddSquares(ReadOnlySpan<double> all, int width, RunOutputs run)
    {
        if (settings.Targets is null)
        {
            var first = width == 1 ? 0 : FirstClass(width);
            for (var row = 0; row < run.Count; row++)
            {
                var given = all.Slice(row * width, width);
                var label = probe.Labels!.Value[run.Start + row] - first;
                for (var i = 0; i < width; i++)
                    sum += Square(given[i] - (width == 1 ? label : i == label ? 1 : 0)) / width;
                correct += width > 1 && Classifier.Largest(given) == label ? 1 : 0;
            }
            hasClasses = width > 1;
            return;
        }
        if (settings.Targets.Width != width)
            throw new UserException(
                $"{settings.Targets.Subject}: has {settings.Targets.Width} values for a sample, but output '{Head.Tensor}' of "
                + $"{subject} has {width}; give targets of its shape");
        var targets = settings.Targets.Values.Span[(run.Start * width)..];
        for (var i = 0; i < run.Count * width; i++)
            sum += Square(all[i] - targets[i]) / width;
    }

    private int FirstClass(int classes)
    {
        var origin = probe.LabelOrigin
            ?? new LabelOrigin("labels", probe.Labels!.Value.Min(), probe.Labels.Value.Max(), IsChosen: true);
        if (origin.Least < 0 || Classifier.FirstClass(origin, classes, out var shifted) is not { } first)
            throw new UserException($"{origin.Subject}: {Classifier.Misfit(origin, classes)}; give labels from 0 to "
            + $"{classes - 1}");
        Shifted = shifted;
        return first;
    }

    private static double Square(double x) => x * x;

    // What is 0 in float32 is at most this.
    private static double OfProbability(double probability) =>
        double.IsNaN(probability) ? double.NaN : -Math.Log(Math.Max(probability, float.Epsilon));

    private static double CrossEntropy(ReadOnlySpan<double> logits, int label)
    {
        var largest = double.NegativeInfinity;
        foreach (var logit in logits)
        {
            if (double.IsNaN(logit))
                return double.NaN;
            largest = Math.Max(largest, logit);
        }
        var total = 0.0;
        foreach (var logit in logits)
            total += Math.Exp(logit - largest);
        return Math.Log(total) + largest - logits[label];
    }
}
