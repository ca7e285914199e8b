using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Trainer.Export;
using Emergence.Trainer.Native;
using Emergence.Trainer.Networks;
using TorchSharp;

namespace Emergence.Trainer.Training;

/// <summary>The whole flow: data, network, then epoch after epoch with a checkpoint each.</summary>
internal static class TrainingRun
{
    /// <summary>Carries out a plan on the calling thread.</summary>
    /// <returns>The records of the checkpoints written, in order.</returns>
    /// <exception cref="UserException">The data, the checkpoint to start from or the folder will not do; or loss or weights are
    /// not finite any more, and the run is to end then.</exception>
    /// <exception cref="OperationCanceledException">On request; every checkpoint that was finished stays.</exception>
    public static ImmutableArray<EpochRecord> Run(TrainingPlan plan, IProgress<TrainingProgress>? progress,
        CancellationToken token)
    {
        var (train, test) = Load(plan, progress, token);
        TorchNative.EnsureLoaded();
        torch.set_num_threads(plan.Threads);

        using var network = CreateNetwork(plan, train);
        using var trainSamples = SampleTensors.From(train, plan.Preprocessing);
        using var testSamples = SampleTensors.From(test, plan.Preprocessing);
        var saved = plan.Network as NetworkSource.Saved;
        // Weights that are to grow back are pruned no longer: the history is not handed on.
        var pruned = saved is null || plan.Regrow ? [] : PruningRecord.ReadAll(saved.Checkpoint.Model);
        using var masks = PruningMasks.Of(network, pruned);
        var watch = new DivergenceWatch(plan.KeepGoing, progress);
        using var loop = new TrainingLoop(network, trainSamples, plan.Hyper, masks, watch);
        if (saved is not null)
            Restore(loop, saved.Checkpoint, plan.Hyper, progress);
        var start = saved?.Epoch ?? 0;
        var last = start + plan.Epochs;
        var metadata = Describe(plan, network.Architecture, test);
        watch.Weights(start, network);
        var folder = CheckpointFolder.Prepare(plan.Output, saved?.Checkpoint, start);
        var records = ImmutableArray.CreateBuilder<EpochRecord>();

        if (saved is null)
            Write(0, null);
        // A pruned checkpoint records the scores from before it was pruned.
        else if (!folder.HasRow(start))
            folder.WriteRow(Measure(start, null));
        for (var epoch = start + 1; epoch <= last; epoch++)
            Write(epoch, loop.Epoch(epoch, new Steps(progress, epoch, last, train.Count), token));
        return records.ToImmutable();

        void Write(int epoch, Score? running)
        {
            watch.Weights(epoch, network);
            var record = Measure(epoch, running);
            watch.Loss(epoch, record.Train.Loss);
            folder.Write(network, metadata, record, pruned, loop.State);
            records.Add(record);
            progress?.Report(new TrainingProgress.Written(record, last));
        }

        EpochRecord Measure(int epoch, Score? running) => new(
            epoch, plan.Hyper.LearningRate, Score.Of(network, trainSamples, token), Score.Of(network, testSamples, token),
            running);
    }

    private static (SampleSet Train, SampleSet Test) Load(TrainingPlan plan, IProgress<TrainingProgress>? progress,
        CancellationToken token)
    {
        var train = Split("train", plan.Samples + plan.HeldOut).Skip(plan.HeldOut);
        return (plan.Random.Of(train, DatasetCatalog.Find(plan.Dataset)!.Classes), Split("test", null));

        SampleSet Split(string split, int? samples) => DatasetCatalog.Load(
            plan.Dataset, split, plan.DataDir, samples, line => progress?.Report(new TrainingProgress.Note(line)), token);
    }

    private static Network CreateNetwork(TrainingPlan plan, SampleSet train)
    {
        var classes = DatasetCatalog.Find(plan.Dataset)!.Classes;
        return plan.Network switch
        {
            NetworkSource.Fresh { Design: var design } =>
                Network.Initialize(design.For(train.SampleShape, classes), plan.Hyper.Seed, design.Initialization),
            NetworkSource.Saved saved => Restore(saved.Checkpoint, train, classes),
            _ => throw new NotSupportedException($"network {plan.Network}"),
        };
    }

    /// <summary>Goes on with the moments that were saved beside a checkpoint, or says why they start afresh.</summary>
    private static void Restore(TrainingLoop loop, Checkpoint checkpoint, HyperParameters hyper,
        IProgress<TrainingProgress>? progress)
    {
        if (!hyper.HasState || (OptimizerFile.Read(checkpoint) is { } state && loop.TryRestore(state)))
            return;
        var path = OptimizerFile.PathOf(checkpoint.Path);
        progress?.Report(new TrainingProgress.Note(
            $"{path}: {(File.Exists(path) ? "belongs to another checkpoint or optimizer" : "is not there")}, so "
            + $"{hyper.Optimizer.ToString().ToLowerInvariant()} starts without its moments"));
    }

    private static Network Restore(Checkpoint checkpoint, SampleSet train, int classes)
    {
        var network = OnnxImport.ToNetwork(checkpoint);
        try
        {
            RefuseOthers(checkpoint, network.Architecture, train, classes);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Checks that a network takes the samples and tells their classes apart.</summary>
    /// <exception cref="UsageException">It does not.</exception>
    internal static void RefuseOthers(Checkpoint checkpoint, Architecture architecture, SampleSet set, int classes)
    {
        if (architecture.InputShape.SequenceEqual(set.SampleShape) && architecture.Classes == classes)
            return;
        throw new UsageException(
            $"{checkpoint.Path}: takes images of {Shape(architecture.InputShape)} and tells {architecture.Classes} classes "
            + $"apart, but {set.Name} has {Shape(set.SampleShape)} and {classes}; choose another --dataset");

        static string Shape(ImmutableArray<int> shape) => string.Join('x', shape);
    }

    /// <summary>What every checkpoint of the run says of itself; its data set is the probe that an analysis
    /// takes by default.</summary>
    private static CheckpointMetadata Describe(TrainingPlan plan, Architecture architecture, SampleSet test) => new()
    {
        Seed = plan.Hyper.Seed,
        Dataset = test.Name,
        Split = test.Split,
        DatasetSha256 = test.Sha256,
        Scale = plan.Preprocessing.Scale,
        Mean = plan.Preprocessing.Mean,
        Std = plan.Preprocessing.Std,
        Network = architecture.Kind,
        Hidden = architecture.Hidden is not { } hidden ? null : hidden.IsEmpty ? "none"
            : string.Join(',', hidden.Select(size => size.ToString(CultureInfo.InvariantCulture))),
        Activation = architecture.Activation?.ToString().ToLowerInvariant(),
        Initialization = plan.Network is NetworkSource.Fresh { Design.Initialization: var initialization }
            ? initialization.ToString()
            : ((NetworkSource.Saved)plan.Network).Checkpoint.Metadata.Initialization,
        Optimizer = plan.Hyper.Optimizer.ToString().ToLowerInvariant(),
        LearningRate = plan.Hyper.LearningRate,
        Momentum = plan.Hyper.Momentum,
        BatchSize = plan.Hyper.BatchSize,
        Labels = RandomData.Word(plan.Random.Labels),
        Inputs = RandomData.Word(plan.Random.Inputs),
    };

    private sealed class Steps(IProgress<TrainingProgress>? progress, int epoch, int lastEpoch, int samples) : IProgress<int>
    {
        public void Report(int value) => progress?.Report(new TrainingProgress.Step(epoch, lastEpoch, value, samples));
    }
}
