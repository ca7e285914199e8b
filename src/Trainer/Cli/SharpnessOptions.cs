using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Datasets;
using Emergence.Trainer.Curvature;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Cli;

/// <summary>The options of <c>sharpness</c>; what is not given is as the checkpoint records it.</summary>
internal sealed class SharpnessOptions
{
    private const int DefaultSamples = 1024;

    public Argument<string[]> Checkpoints { get; } = new("checkpoints")
    {
        Description = "checkpoints of emergence-train, or folders with such",
        HelpName = "CHECKPOINT|DIR",
        Arity = ArgumentArity.OneOrMore,
    };

    private Option<string> Dataset { get; } = TypedOption.Choice(
        "--dataset", "what the loss is over [default: as recorded]", [.. DatasetCatalog.All.Select(set => (set.Name, set.Name))]);

    private Option<string> DataDir { get; } = TypedOption.Text(
        "--data-dir", "DIR", "folder with the data set's files [default: a cache, downloaded on first use]");

    private Option<string> Split { get; } = TypedOption.Choice(
        "--split", "part of the data set [default: as recorded, else test]", ("test", "test"), ("train", "train"));

    private Option<Limit> Samples { get; } =
        TypedOption.Limit("--samples", $"take the first N samples [default: {DefaultSamples}]");

    private Option<int> Top { get; } = TypedOption.WholeNumber("--top", "how many of the largest eigenvalues [default: 1]", 1);

    private Option<int> Vectors { get; } =
        TypedOption.WholeNumber("--vectors", "random vectors of the trace [default: 16]", 2);

    private Option<int> Iterations { get; } =
        TypedOption.WholeNumber("--iterations", "the most steps to the eigenvalues [default: 60]", 1);

    private Option<double> Tolerance { get; } = TypedOption.Number<double>(
        "--tolerance", "end when residuals are this share of their eigenvalues [default: 0.001]", x => x is > 0 and < 1,
        "a number above 0 and below 1");

    private Option<long> Seed { get; } = TypedOption.WholeNumber("--seed", "of what is drawn [default: 0]", long.MinValue);

    private Option<int> Threads { get; } = TypedOption.WholeNumber("--threads", "threads [default: all cores]", 1);

    private Option<OutputForm> Format { get; } = TypedOption.Choice(
        "--format", "form of the answer [default: table]", TypedOption.WordsOf<OutputForm>());

    public ImmutableArray<OptionGroup> Groups =>
    [
        new("Samples", Dataset, DataDir, Split, Samples),
        new("Measuring", Top, Vectors, Iterations, Tolerance, Seed, Threads),
        new("Output", Format),
    ];

    /// <summary>The files that the arguments name, those of a folder by epoch.</summary>
    /// <exception cref="UsageException">There are none.</exception>
    public ImmutableArray<string> ReadFiles(ParseResult parsed)
    {
        return [.. parsed.GetRequiredValue(Checkpoints).SelectMany(Files)];

        static string[] Files(string path)
        {
            if (File.Exists(path))
                return [path];
            if (!Directory.Exists(path))
                throw new UsageException($"{path}: does not exist; {MissingPath.Remedy(path)}");
            var found = Directory.GetFiles(path, "ckpt_*.onnx")
                .OrderBy(file => CheckpointFolder.EpochOf(Path.GetFileName(file)) ?? int.MaxValue)
                .ToArray();
            return found.Length > 0 ? found
                : throw new UsageException($"{path}: holds no checkpoints (ckpt_*.onnx); name a folder of emergence-train");
        }
    }

    /// <summary>The samples for a checkpoint, with how they become inputs.</summary>
    /// <exception cref="UserException">They are not there, or nothing says which.</exception>
    public (SampleSet Set, Preprocessing Preprocessing) ReadSamples(
        ParseResult parsed, Checkpoint checkpoint, Action<string> note, CancellationToken token)
    {
        var recorded = checkpoint.Metadata;
        var name = parsed.GetValue(Dataset) ?? recorded.Dataset
            ?? throw new UsageException($"{checkpoint.Path}: records no data set; name one with --dataset");
        if (DatasetCatalog.Find(name) is null)
            throw new UsageException(
                $"{checkpoint.Path}: records the data set '{name}', which is not known; name one with --dataset");
        var samples = parsed.GetResult(Samples) is null ? DefaultSamples : parsed.GetValue(Samples).Count;
        var set = DatasetCatalog.Load(
            name, parsed.GetValue(Split) ?? recorded.Split ?? "test", parsed.GetValue(DataDir), samples, note, token);
        return (set, new Preprocessing(
            recorded.Scale ?? Preprocessing.Images.Scale,
            recorded.Mean.IsDefaultOrEmpty ? Preprocessing.Images.Mean : recorded.Mean,
            recorded.Std.IsDefaultOrEmpty ? Preprocessing.Images.Std : recorded.Std));
    }

    public CurvatureSettings ReadSettings(ParseResult parsed)
    {
        var settings = new CurvatureSettings(
            Given(Top, 1), Given(Vectors, 16), Given(Iterations, 60), Given(Tolerance, 0.001), Given(Seed, 0L));
        return settings.Top <= settings.Iterations ? settings
            : throw new UsageException($"--top: {settings.Top} eigenvalues need as many steps; give more --iterations");

        T Given<T>(Option<T> option, T otherwise) where T : struct =>
            parsed.GetResult(option) is null ? otherwise : parsed.GetValue(option);
    }

    public int ReadThreads(ParseResult parsed) =>
        parsed.GetResult(Threads) is null ? Environment.ProcessorCount : parsed.GetValue(Threads);

    public OutputForm ReadFormat(ParseResult parsed) => parsed.GetValue(Format);
}

/// <summary>The form of an answer.</summary>
internal enum OutputForm
{
    Table,
    Csv,
    Json,
}
