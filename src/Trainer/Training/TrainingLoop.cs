using Emergence.Trainer.Networks;
using static TorchSharp.torch;

namespace Emergence.Trainer.Training;

/// <summary>
/// Mini-batch gradient descent on the cross-entropy. Everything runs on the calling thread, for which
/// <see cref="set_num_threads"/> counts, so that equal seeds and thread counts give equal weights.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly Network network;
    private readonly SampleTensors samples;
    private readonly HyperParameters hyper;
    private readonly PruningMasks masks;
    private readonly optim.Optimizer optimizer;

    /// <summary>Prepares to train <paramref name="network"/> in place; all that is passed in stays the caller's.</summary>
    public TrainingLoop(Network network, SampleTensors samples, HyperParameters hyper, PruningMasks masks)
    {
        (this.network, this.samples, this.hyper, this.masks) = (network, samples, hyper, masks);
        optimizer = hyper.Optimizer switch
        {
            Optimizer.Sgd => optim.SGD(network.Parameters, hyper.LearningRate, hyper.Momentum),
            Optimizer.Adam => optim.Adam(network.Parameters, hyper.LearningRate),
            _ => throw new NotSupportedException($"optimizer {hyper.Optimizer}"),
        };
    }

    /// <summary>One pass over all samples, in the order that seed and epoch give.</summary>
    /// <param name="epoch">Number of the epoch, from 1.</param>
    /// <param name="samplesDone">Told after each step how many samples the pass has seen.</param>
    /// <param name="token">Ends the pass between two steps.</param>
    /// <returns>The running score: each batch before the step that it causes.</returns>
    /// <exception cref="OperationCanceledException">On request.</exception>
    public Score Epoch(int epoch, IProgress<int>? samplesDone, CancellationToken token)
    {
        using var order = tensor(SplitMix64.ForStream(hyper.Seed, epoch).Permutation(samples.Count));
        var running = new Score.Sum();
        for (var start = 0; start < samples.Count; start += hyper.BatchSize)
        {
            token.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var end = Math.Min(start + hyper.BatchSize, samples.Count);
            var batch = order[start..end];
            var labels = samples.Labels.index_select(0, batch);
            var logits = network.Forward(samples.Inputs.index_select(0, batch));
            var loss = nn.functional.cross_entropy(logits, labels);

            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
            masks.Apply();

            running.Add(loss.item<float>() * (end - start), logits, labels);
            samplesDone?.Report(end);
        }
        return running.Score;
    }

    public void Dispose() => optimizer.Dispose();
}
