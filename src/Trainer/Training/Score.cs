using System.Runtime.InteropServices;
using Emergence.Trainer.Networks;
using static TorchSharp.torch;

namespace Emergence.Trainer.Training;

/// <summary>How well a network does on some samples.</summary>
/// <param name="Loss">Mean cross-entropy; NaN or infinite where the weights have diverged.</param>
/// <param name="Accuracy">Share of samples whose largest logit is that of their class, 0 to 1.</param>
internal readonly record struct Score(double Loss, double Accuracy)
{
    private const int BatchSize = 1000;

    /// <summary>Runs the network over all samples, without training it.</summary>
    /// <exception cref="OperationCanceledException">On request.</exception>
    public static Score Of(Network network, SampleTensors samples, CancellationToken token)
    {
        using var inference = no_grad();
        var sum = new Sum();
        for (var start = 0; start < samples.Count; start += BatchSize)
        {
            token.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var end = Math.Min(start + BatchSize, samples.Count);
            var labels = samples.Labels[start..end];
            var logits = network.Forward(samples.Inputs[start..end]);
            var loss = nn.functional.cross_entropy(logits, labels, reduction: nn.Reduction.Sum);
            sum.Add(loss.item<float>(), logits, labels);
        }
        return sum.Score;
    }

    /// <summary>Gathers a score batch by batch.</summary>
    public sealed class Sum
    {
        private double lossSum;
        private long correct, count;

        /// <summary>The score of all batches so far.</summary>
        public Score Score => new(lossSum / count, (double)correct / count);

        /// <summary>Adds a batch: the sum of its losses, its logits (N, classes) and its labels (N).</summary>
        public void Add(double loss, Tensor logits, Tensor labels)
        {
            lossSum += loss;
            correct += Correct(logits, labels);
            count += labels.shape[0];
        }

        // As emergence-analyze counts: NaN is never the largest. PyTorch's argmax takes it for just that, which gives the first
        // class to a network that has none.
        private static int Correct(Tensor logits, Tensor labels)
        {
            using var rows = logits.detach().contiguous();
            var values = MemoryMarshal.Cast<byte, float>(rows.bytes);
            var classes = checked((int)logits.shape[1]);
            var expected = MemoryMarshal.Cast<byte, long>(labels.bytes);
            var correct = 0;
            for (var row = 0; row < expected.Length; row++)
                correct += Largest(values.Slice(row * classes, classes)) == expected[row] ? 1 : 0;
            return correct;
        }

        /// <summary>Index of the largest value, the lowest of equal ones; -1 where all are NaN.</summary>
        private static int Largest(ReadOnlySpan<float> logits)
        {
            var largest = -1;
            for (var i = 0; i < logits.Length; i++)
            {
                if (!float.IsNaN(logits[i]) && (largest < 0 || logits[i] > logits[largest]))
                    largest = i;
            }
            return largest;
        }
    }
}
