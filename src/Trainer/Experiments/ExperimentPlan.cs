using System.Collections.Immutable;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Experiments;

/// <summary>The experiments that are to be run; those that are not are null.</summary>
internal sealed record ExperimentPlan(
    ExperimentSettings Settings, MlpPruning? MlpPruning, Transfer? Transfer, Cnn? Cnn, Initializations? Initializations,
    Predictor? Predictor, Controls? Controls, Ruggedness? Ruggedness)
{
    /// <summary>The word for all of them.</summary>
    public const string All = "all";

    private const string MlpPruningName = "mlp-pruning", TransferName = "transfer", CnnName = "cnn",
        InitializationName = "initialization", PredictorName = "predictor",
        ControlsName = "controls",
        RuggednessName = "ruggedness";

    /// <summary>What a user can ask for.</summary>
    public static ImmutableArray<string> Names { get; } =
        [MlpPruningName, TransferName, CnnName, InitializationName, PredictorName, ControlsName, RuggednessName, All];

    /// <summary>The experiments of some names.</summary>
    /// <param name="names">Some of <see cref="Names"/>, with commas between them.</param>
    /// <param name="settings">Shared by all.</param>
    /// <param name="datasets">Data sets in place of each experiment's own; empty leaves those.</param>
    /// <param name="convolutional">The network of <c>cnn</c>.</param>
    public static ExperimentPlan Of(string names, ExperimentSettings settings, ImmutableArray<string> datasets,
        NetworkKind convolutional)
    {
        var named = names.Split(',');
        var all = named.Contains(All);
        ImmutableArray<string> pair = datasets.IsEmpty ? ["mnist", "fashion-mnist"] : datasets;
        var images = Few(pair);
        return new ExperimentPlan(
            settings,
            all || named.Contains(MlpPruningName) ? new MlpPruning(settings, images) : null,
            all || named.Contains(TransferName) ? new Transfer(settings, pair[0], pair[^1]) : null,
            all || named.Contains(CnnName)
                ? new Cnn(settings, Few(datasets.IsEmpty ? ["mnist", "cifar10"] : datasets), convolutional)
                : null,
            all || named.Contains(InitializationName) ? new Initializations(settings, images[0]) : null,
            all || named.Contains(PredictorName) ? new Predictor(settings, images[0]) : null,
            all || named.Contains(ControlsName) ? new Controls(settings, images[0]) : null,
            all || named.Contains(RuggednessName) ? new Ruggedness(settings, images[0]) : null);

        // To see it work, one is enough, unless more are asked for.
        ImmutableArray<string> Few(ImmutableArray<string> sets) => settings.IsQuick && datasets.IsEmpty ? sets[..1] : sets;
    }

    /// <summary>The data sets that are worked on.</summary>
    public IEnumerable<string> Datasets => new[]
        {
            MlpPruning?.Datasets ?? [], Transfer is { } transfer ? [transfer.Source, transfer.Target] : [], Cnn?.Datasets ?? [],
            Initializations is { } initializations ? [initializations.Dataset] : [],
            Predictor is { } predictor ? [predictor.Dataset] : [], Controls is { } controls ? [controls.Dataset] : [],
            Ruggedness is { } ruggedness ? [ruggedness.Dataset] : [],
        }.SelectMany(names => names).Distinct();

    /// <summary>The whole work.</summary>
    public IEnumerable<Step> Steps =>
    [
        .. MlpPruning?.Steps ?? [], .. Transfer?.Steps ?? [], .. Cnn?.Steps ?? [], .. Initializations?.Steps ?? [],
        .. Predictor?.Steps ?? [], .. Controls?.Steps ?? [],
        .. Ruggedness?.Steps ?? [],
    ];
}
