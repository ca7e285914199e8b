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
            correct += logits.argmax(1).eq(labels).sum().item<long>();
            count += labels.shape[0];
        }
    }
}
