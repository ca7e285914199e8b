using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Experiments;

/// <summary>The experiments that are to be run; those that are not are null.</summary>
internal sealed record ExperimentPlan(
    ExperimentSettings Settings, MlpPruning? MlpPruning, Transfer? Transfer, Cnn? Cnn, Initializations? Initializations, Predictor? Predictor)
{
    /// <summary>The word for all of them.</summary>
    public const string All = "all";

    private const string MlpPruningName = "mlp-pruning", TransferName = "transfer", CnnName = "cnn", InitializationName = "initialization", PredictorName = "predictor";

    /// <summary>What a user can ask for.</summary>
    public static ImmutableArray<string> Names { get; } = [MlpPruningName, TransferName, CnnName, InitializationName, PredictorName, All];

    /// <summary>The experiments of a name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="settings">Shared by all.</param>
    /// <param name="datasets">Data sets in place of each experiment's own; empty leaves those.</param>
    /// <param name="convolutional">The network of <c>cnn</c>.</param>
    public static ExperimentPlan Of(string name, ExperimentSettings settings, ImmutableArray<string> datasets, NetworkKind convolutional)
    {
        var all = name == All;
        var images = datasets.IsEmpty ? ["mnist", "fashion-mnist"] : datasets;
        return new ExperimentPlan(
            settings,
            all || name == MlpPruningName ? new MlpPruning(settings, images) : null,
            all || name == TransferName ? new Transfer(settings, images[0], images[^1]) : null,
            all || name == CnnName ? new Cnn(settings, datasets.IsEmpty ? ["mnist", "cifar10"] : datasets, convolutional) : null,
            all || name == InitializationName ? new Initializations(settings, images[0]) : null,
            all || name == PredictorName ? new Predictor(settings, images[0]) : null);
    }

    /// <summary>What a reader must know before the numbers: that the work was cut short, or that data are missing.</summary>
    /// <exception cref="UserException">Data are not there at all, or do not go together.</exception>
    public ImmutableArray<string> Remarks(string? dataDir, CancellationToken token)
    {
        var remarks = ImmutableArray.CreateBuilder<string>();
        if (Settings.IsQuick)
            remarks.Add("Run with --quick: so few samples and epochs that the numbers mean nothing.");
        foreach (var info in Datasets.Select(name => DatasetCatalog.Find(name)!))
        {
            Compare(info.Name, "training", Count(info.Name, "train"), info.TrainingSamples);
            Compare(info.Name, "test", Count(info.Name, "test"), info.TestSamples);
        }
        if (Transfer is { } transfer)
        {
            if (transfer.Source == transfer.Target)
                remarks.Add($"The transfer goes from {transfer.Source} to itself, as only one data set was named.");
            if (!Load(transfer.Source, "test").SampleShape.SequenceEqual(Load(transfer.Target, "test").SampleShape))
                throw new UsageException($"--dataset: images of {transfer.Source} and {transfer.Target} differ in shape, so that no network goes from one to the other; name two of one shape");
        }
        return remarks.ToImmutable();

        SampleSet Load(string name, string split) => DatasetCatalog.Load(name, split, dataDir, token: token);

        int Count(string name, string split) => Load(name, split).Count;

        void Compare(string name, string split, int there, int all)
        {
            if (there != all)
                remarks.Add(string.Create(CultureInfo.InvariantCulture, $"Of {name} only {there:#,0} of {all:#,0} {split} samples were there."));
        }
    }

    private IEnumerable<string> Datasets => new[]
        {
            MlpPruning?.Datasets ?? [], Transfer is { } transfer ? [transfer.Source, transfer.Target] : [], Cnn?.Datasets ?? [],
            Initializations is { } initializations ? [initializations.Dataset] : [], Predictor is { } predictor ? [predictor.Dataset] : [],
        }.SelectMany(names => names).Distinct();

    /// <summary>The whole work.</summary>
    public IEnumerable<Step> Steps =>
    [
        .. MlpPruning?.Steps ?? [], .. Transfer?.Steps ?? [], .. Cnn?.Steps ?? [], .. Initializations?.Steps ?? [], .. Predictor?.Steps ?? [],
    ];
}
