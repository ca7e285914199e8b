using Emergence.Checkpoints;
using Emergence.Trainer.Networks;
using TorchSharp.Modules;
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
    private readonly DivergenceWatch watch;
    private readonly OptimizerHelper optimizer;

    /// <summary>Prepares to train <paramref name="network"/> in place; all that is passed in stays the caller's.</summary>
    public TrainingLoop(Network network, SampleTensors samples, HyperParameters hyper, PruningMasks masks, DivergenceWatch watch)
    {
        (this.network, this.samples, this.hyper, this.masks, this.watch) = (network, samples, hyper, masks, watch);
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
    /// <exception cref="UserException">The loss is not finite any more, and the run is to end then.</exception>
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

            var (value, step) = (loss.item<float>(), start / hyper.BatchSize + 1);
            watch.Step(epoch, step, (samples.Count + hyper.BatchSize - 1) / hyper.BatchSize, value);
            running.Add((double)value * (end - start), logits, labels);
            samplesDone?.Report(end);
        }
        return running.Score;
    }

    /// <summary>What the optimizer remembers; null where it is nothing but the weights.</summary>
    public OptimizerState? State => !hyper.HasState ? null
        : new OptimizerState(hyper.Optimizer, [.. optimizer.state_dict().State.Select(MomentsOf)]);

    /// <summary>Goes on with what an optimizer remembered.</summary>
    /// <returns>False where it is that of another optimizer or network; nothing is changed then.</returns>
    public bool TryRestore(OptimizerState state)
    {
        var parameters = network.Parameters;
        if (state.Optimizer != hyper.Optimizer || !hyper.HasState || state.Parameters.Length != parameters.Length
            || state.Parameters.Zip(parameters).Any(pair => !Fits(pair.First, pair.Second)))
            return false;
        using var guard = no_grad();
        foreach (var (moments, (memory, parameter)) in state.Parameters.Zip(optimizer.state_dict().State.Zip(parameters)))
            Restore(memory, moments, parameter);
        return true;
    }

    private bool Fits(Moments moments, Parameter parameter) =>
        moments.Tensors.All(tensor => tensor.Length == parameter.numel())
        && (hyper.Optimizer == Optimizer.Adam ? moments.Tensors.Length == 2 : moments.Tensors.Length <= 1);

    private static Moments MomentsOf(TorchSharp.Modules.OptimizerState memory) => memory switch
    {
        Adam.State adam => new Moments(adam.step, [Values(adam.exp_avg), Values(adam.exp_avg_sq)]),
        SGD.State { momentum_buffer: { } buffer } => new Moments(0, [Values(buffer)]),
        SGD.State => new Moments(0, []),
        _ => throw new NotSupportedException($"state {memory}"),
    };

    private static void Restore(TorchSharp.Modules.OptimizerState memory, Moments moments, Parameter parameter)
    {
        switch (memory)
        {
            case Adam.State adam:
                adam.step = moments.Step;
                Set(adam.exp_avg, moments.Tensors[0]);
                Set(adam.exp_avg_sq, moments.Tensors[1]);
                break;
            case SGD.State sgd when moments.Tensors is [var buffer]:
                sgd.momentum_buffer = zeros_like(parameter).DetachFromDisposeScope();
                Set(sgd.momentum_buffer, buffer);
                break;
        }
    }

    private static void Set(Tensor target, float[] values)
    {
        using var source = tensor(values, target.shape);
        target.copy_(source);
    }

    private static float[] Values(Tensor tensor) => tensor.data<float>().ToArray();

    public void Dispose() => optimizer.Dispose();
}
