using System.Collections.Immutable;
using System.Globalization;
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
    public ImmutableArray<string> Remarks(Workbench bench)
    {
        var remarks = ImmutableArray.CreateBuilder<string>();
        if (Settings.IsQuick)
            remarks.Add("Run with --quick: so few samples and epochs that the numbers mean nothing.");
        foreach (var name in (MlpPruning?.Datasets ?? []).Concat(Cnn?.Datasets ?? []).Distinct())
        {
            var info = DatasetCatalog.Find(name)!;
            var samples = DatasetCatalog.Load(name, "train", bench.DataDir).Count;
            if (info.TrainingSamples != samples)
                remarks.Add(string.Create(CultureInfo.InvariantCulture, $"Of {name} only {samples} of {info.TrainingSamples} training samples were there."));
        }
        return remarks.ToImmutable();
    }

    /// <summary>The whole work.</summary>
    public IEnumerable<Step> Steps =>
    [
        .. MlpPruning?.Steps ?? [], .. Transfer?.Steps ?? [], .. Cnn?.Steps ?? [], .. Initializations?.Steps ?? [], .. Predictor?.Steps ?? [],
    ];
}
