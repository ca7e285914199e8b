using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Probes;

namespace Emergence.Analyzer.Cli;

/// <summary>The options that say which samples run, on every command that runs some.</summary>
internal sealed class SampleOptions
{
    // A default is stated once, in the record that holds it; help quotes it from there.
    private static readonly ProbeOptions Probe = new();

    private Option<ImmutableArray<string>> Data { get; } = TypedOption.Texts(
        "--data", "PATH|NAME",
        "samples: a file, a data set's name or random, or INPUT=PATH; repeatable [default: what the checkpoints record, else "
        + "random]");

    private Option<string> DataDir { get; } = TypedOption.Text("--data-dir", "DIR", "folder with the data sets' files");

    private Option<DataSplit> Split { get; } = TypedOption.Choice(
        "--split", "part of the data set [default: what the checkpoints record, else test]", ("test", DataSplit.Test),
        ("train", DataSplit.Train));

    private Option<Limit> Samples { get; } = TypedOption.Limit(
        "--samples", $"use the first N samples in stored order [default: {Probe.Samples}]");

    private Option<string> Labels { get; } =
        TypedOption.Text("--labels", "PATH", "labels of the samples, where the data have none of their own");

    private Option<float> Scale { get; } = PreprocessingOptions.Scale("what the checkpoints record, else 1");

    private Option<ImmutableArray<float>> Mean { get; } = PreprocessingOptions.Mean("what the checkpoints record, else 0");

    private Option<ImmutableArray<float>> Std { get; } = PreprocessingOptions.Std("what the checkpoints record, else 1");

    private Option<string> Input { get; } =
        TypedOption.Text("--input", "NAME", "the model input that the samples feed, where there are several");

    private Option<ImmutableDictionary<string, int>> Dimensions { get; } = TypedOption.Sizes(
        "--dim", "size of a free dimension of the inputs; repeatable");

    private Option<int> Seed { get; } =
        TypedOption.WholeNumber("--seed", $"seed of all that is drawn, such as random samples [default: {Probe.Seed}]",
            int.MinValue);

    /// <summary>In the order of help.</summary>
    public IEnumerable<Option> All => [Data, DataDir, Split, Samples, Labels, Scale, Mean, Std, Input, Dimensions, Seed];

    /// <summary>The seed of all that is drawn.</summary>
    public int SeedOf(ParseResult parsed) => parsed.Given(Seed, Probe.Seed);

    /// <summary>What may be files among the samples and their labels.</summary>
    // Of several inputs, each names its own: NAME=FILE.
    public static IEnumerable<string> Files(ProbeOptions samples) =>
        samples.Data.SelectMany(data => (string[])[data, data[(data.IndexOf('=', StringComparison.Ordinal) + 1)..]])
            .Append(samples.Labels).Where(file => !string.IsNullOrEmpty(file)).OfType<string>();

    /// <summary>The samples.</summary>
    /// <exception cref="UsageException">A path names nothing.</exception>
    public ProbeOptions Read(ParseResult parsed) => new()
    {
        Data = parsed.Given(Data, Probe.Data),
        DataDir = parsed.Existing(DataDir, Directory.Exists, "directory"),
        Split = parsed.GetResult(Split) is null ? Probe.Split : parsed.GetValue(Split),
        Samples = parsed.Given(Samples, new Limit(Probe.Samples)).Count,
        Labels = parsed.Existing(Labels, File.Exists, "file"),
        Scale = parsed.GetResult(Scale) is null ? Probe.Scale : parsed.GetValue(Scale),
        Mean = parsed.Given(Mean, Probe.Mean),
        Std = parsed.Given(Std, Probe.Std),
        Input = parsed.GetValue(Input),
        Dimensions = parsed.Given(Dimensions, Probe.Dimensions),
        Seed = SeedOf(parsed),
    };
}
