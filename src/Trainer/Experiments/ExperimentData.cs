using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Datasets;

namespace Emergence.Trainer.Experiments;

/// <summary>The data sets of a plan, as they are there.</summary>
/// <param name="Hashes">What tells the content of each from another, by its name.</param>
/// <param name="Remarks">What a reader must know before the numbers: that the work was cut short, or that
/// samples are missing.</param>
internal sealed record ExperimentData(ImmutableDictionary<string, string> Hashes, ImmutableArray<string> Remarks)
{
    // Enough to tell two versions of a data set apart.
    private const int HashLength = 12;

    private static bool HasFewSeeds(ExperimentPlan plan)
    {
        var planned = new ExperimentSettings();
        return plan is { MlpPruning: null, Transfer: null, Initializations: null }
            ? plan.Cnn?.Seeds.Length < planned.ConvolutionalSeeds.Length
            : plan.Settings.Seeds.Length < planned.Seeds.Length;
    }

    /// <summary>Reads every data set once, before the work: what is missing should not be found missing
    /// after an hour of it.</summary>
    /// <exception cref="UserException">Data are not there at all, or do not go together.</exception>
    public static ExperimentData Read(ExperimentPlan plan, string? dataDir, CancellationToken token)
    {
        var hashes = ImmutableDictionary.CreateBuilder<string, string>();
        var shapes = new Dictionary<string, ImmutableArray<int>>(StringComparer.Ordinal);
        var remarks = ImmutableArray.CreateBuilder<string>();
        if (plan.Settings.IsQuick)
            remarks.Add("Run with --quick: so few samples and epochs that the numbers mean nothing.");
        else if (HasFewSeeds(plan))
            remarks.Add(
                "The verdicts are planned for ten seeds (five of convolutional networks); with fewer, more stays undecided.");
        foreach (var info in plan.Datasets.Select(name => DatasetCatalog.Find(name)!))
        {
            var train = DatasetCatalog.Load(info.Name, "train", dataDir, token: token);
            var test = DatasetCatalog.Load(info.Name, "test", dataDir, token: token);
            hashes.Add(info.Name, $"{train.Sha256[..HashLength]}-{test.Sha256[..HashLength]}");
            shapes.Add(info.Name, train.SampleShape);
            Compare(info.Name, "training", train.Count, info.TrainingSamples);
            Compare(info.Name, "test", test.Count, info.TestSamples);
        }
        if (plan.Transfer is { } transfer)
        {
            if (transfer.Source == transfer.Target)
                remarks.Add($"The transfer goes from {transfer.Source} to itself, as only one data set was named.");
            if (!shapes[transfer.Source].SequenceEqual(shapes[transfer.Target]))
                throw new UsageException(
                    $"--dataset: images of {transfer.Source} and {transfer.Target} differ in shape, so that no network goes "
                    + "from one to the other; name two of one shape");
        }
        return new ExperimentData(hashes.ToImmutable(), remarks.ToImmutable());

        void Compare(string name, string split, int there, int all)
        {
            if (there != all)
                remarks.Add(string.Create(CultureInfo.InvariantCulture,
                    $"Of {name} only {there:#,0} of {all:#,0} {split} samples were there."));
        }
    }
}
