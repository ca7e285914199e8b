using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Datasets;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Cli;

/// <summary>The options of <c>train</c>, and how they become a plan.</summary>
/// <remarks>With <c>--from</c>, what is not given is taken from the checkpoint before the usual default.</remarks>
internal sealed class TrainOptions
{
    private const int DefaultEpochs = 5;

    private Option<NetworkKind> Network { get; } = TypedOption.Choice(
        "--network",
        "fully connected layers, LeNet-5 with max pooling, twice two convolutions and a pooling, or a vision transformer "
        + "[default: mlp]",
        TypedOption.WordsOf<NetworkKind>());

    private Option<ImmutableArray<int>> Hidden { get; } = TypedOption.WholeNumbersOr(
        "--hidden", "N[,N…]|none", "none", "sizes of the hidden layers of an mlp; none makes a linear model [default: 128,64]");

    private Option<Activation> Activation { get; } = TypedOption.Choice(
        "--activation", "activation function of the hidden layers [default: relu; vit: gelu]", TypedOption.WordsOf<Activation>());

    private Option<int> Patch { get; } = TypedOption.WholeNumber(
        "--patch", $"vit: side of the squares of pixels that become tokens [default: {TransformerSizes.Usual.Patch}]", 1);

    private Option<int> Width { get; } = TypedOption.WholeNumber(
        "--width",
        $"vit: length of a token; hidden layers are four times as wide [default: {TransformerSizes.Usual.Width}]", 1);

    private Option<int> Depth { get; } = TypedOption.WholeNumber(
        "--depth", $"vit: number of blocks [default: {TransformerSizes.Usual.Depth}]", 1);

    private Option<int> Heads { get; } = TypedOption.WholeNumber(
        "--heads", $"vit: heads of each attention; they divide the width [default: {TransformerSizes.Usual.Heads}]", 1);

    private Option<InitialWeights> Init { get; } = InitializationOption.Create();

    private Option<string> From { get; } = TypedOption.Text(
        "--from", "CKPT", "go on with the network in this checkpoint; options not given are as it records them");

    private Option<bool> Regrow { get; } =
        new("--regrow") { Description = "with --from: let weights that were pruned grow back; else they stay zero" };

    private Option<string> Dataset { get; } = TypedOption.Choice(
        "--dataset", "what to train on; required without --from", [.. DatasetCatalog.All.Select(set => (set.Name, set.Name))]);

    private Option<string> DataDir { get; } = TypedOption.Text(
        "--data-dir", "DIR", "folder with the data set's files [default: a cache, downloaded on first use]");

    private Option<int> Samples { get; } = TypedOption.WholeNumber("--samples", "train on the first N samples [default: all]", 1);

    private Option<Drawn> Labels { get; } = RandomOption(
        "--labels", "classes of the training samples: their own, or drawn at random, which can only be remembered");

    private Option<Drawn> Inputs { get; } = RandomOption(
        "--inputs", "images of the training samples: their own, or noise of the same pixel values");

    private Option<float> Scale { get; } = PreprocessingOptions.Scale("1/255");

    private Option<ImmutableArray<float>> Mean { get; } = PreprocessingOptions.Mean("0.5");

    private Option<ImmutableArray<float>> Std { get; } = PreprocessingOptions.Std("0.5");

    private Option<int> Epochs { get; } =
        TypedOption.WholeNumber("--epochs", $"passes over the training samples [default: {DefaultEpochs}]", 0);

    private Option<double> LearningRate { get; } = TypedOption.Number<double>(
        "--lr", "learning rate [default: 0.005]", x => x > 0, "a finite number above 0");

    private Option<int> BatchSize { get; } = TypedOption.WholeNumber("--batch-size", "samples in one step [default: 64]", 1);

    private Option<Optimizer> Optimizer { get; } = TypedOption.Choice(
        "--optimizer", "how a step follows from a gradient [default: sgd]", TypedOption.WordsOf<Optimizer>());

    private Option<double> Momentum { get; } = TypedOption.Number<double>(
        "--momentum", "share of the last step that sgd keeps [default: 0]", x => x is >= 0 and < 1, "a number from 0 to below 1");

    private Option<long> Seed { get; } =
        TypedOption.WholeNumber("--seed", "of the initial weights and the order of samples [default: 0]", long.MinValue);

    private Option<int> Threads { get; } =
        TypedOption.WholeNumber("--threads", "threads; part of what makes a run repeatable [default: all cores]", 1);

    private Option<string> Out { get; } = TypedOption.Text(
        "--out", "DIR",
        "folder for ckpt_000.onnx (initial weights), ckpt_001.onnx, … and train.csv; those of an earlier run there are replaced");

    private Option<bool> KeepGoing { get; } =
        new("--keep-going") { Description = "train on when loss or weights are not finite any more; else the run ends with 1" };

    private Option<bool> Quiet { get; } = new("--quiet") { Description = "no progress and no notes" };

    /// <summary>All options, in the order of help.</summary>
    public ImmutableArray<OptionGroup> Groups
    {
        get
        {
            Out.Required = true;
            return
            [
                new("Network", Network, Hidden, Patch, Width, Depth, Heads, Activation, Init, From, Regrow),
                new("Samples", Dataset, DataDir, Samples, Labels, Inputs, Scale, Mean, Std),
                new("Training", Epochs, LearningRate, BatchSize, Optimizer, Momentum, Seed, Threads, KeepGoing),
                new("Output", Out, Quiet),
            ];
        }
    }

    /// <summary>Whether progress and notes are unwanted.</summary>
    public bool ReadQuiet(ParseResult parsed) => parsed.GetValue(Quiet);

    /// <summary>The plan that the options describe. Opens the checkpoint of <c>--from</c>; nothing is written.</summary>
    /// <exception cref="UsageException">The options contradict one another, or the checkpoint is missing.</exception>
    /// <exception cref="UserException">The checkpoint cannot be read.</exception>
    public TrainingPlan Read(ParseResult parsed)
    {
        var source = ReadNetwork(parsed);
        if (source is NetworkSource.Saved && GivenValue(Epochs) == 0)
            throw new UsageException("--epochs: is 0, so that --from has nothing to go on to; give at least 1");
        var recorded = (source as NetworkSource.Saved)?.Checkpoint.Metadata ?? new CheckpointMetadata();
        return new TrainingPlan(
            source,
            Given(Dataset) ?? recorded.Dataset
                ?? throw new UsageException("--dataset: is missing; name what to train on, as in --dataset digits"),
            Given(DataDir),
            GivenValue(Samples),
            new Preprocessing(
                GivenValue(Scale) ?? recorded.Scale ?? Preprocessing.Images.Scale,
                GivenValue(Mean) ?? Recorded(recorded.Mean) ?? Preprocessing.Images.Mean,
                GivenValue(Std) ?? Recorded(recorded.Std) ?? Preprocessing.Images.Std),
            ReadHyperParameters(),
            GivenValue(Epochs) ?? DefaultEpochs,
            GivenValue(Threads) ?? Environment.ProcessorCount,
            Given(Out)!,
            ReadRegrow(parsed),
            parsed.GetValue(KeepGoing))
        {
            Random = new RandomData(RandomSeed(Labels, recorded.Labels), RandomSeed(Inputs, recorded.Inputs)),
        };

        long? RandomSeed(Option<Drawn> option, string? recorded) =>
            parsed.GetResult(option) is not null ? parsed.GetValue(option).Seed : Recall(option.Name, recorded);

        HyperParameters ReadHyperParameters()
        {
            var optimizer =
                GivenValue(Optimizer) ?? (recorded.Optimizer is { } word ? Recall<Optimizer>(word) : Training.Optimizer.Sgd);
            if (optimizer != Training.Optimizer.Sgd && GivenValue(Momentum) is not null)
                throw new UsageException("--momentum: belongs to --optimizer sgd; leave it out");
            return new HyperParameters(
                optimizer,
                GivenValue(LearningRate) ?? recorded.LearningRate ?? 0.005,
                optimizer == Training.Optimizer.Sgd ? GivenValue(Momentum) ?? recorded.Momentum ?? 0 : 0,
                GivenValue(BatchSize) ?? recorded.BatchSize ?? 64,
                GivenValue(Seed) ?? recorded.Seed ?? 0);
        }

        string? Given(Option<string> option) => parsed.GetResult(option) is null ? null : parsed.GetValue(option);

        T? GivenValue<T>(Option<T> option) where T : struct => parsed.GetResult(option) is null ? null : parsed.GetValue(option);
    }

    private bool ReadRegrow(ParseResult parsed) => parsed.GetValue(Regrow) && parsed.GetValue(From) is null
        ? throw new UsageException("--regrow: belongs to --from; leave it out")
        : parsed.GetValue(Regrow);

    private NetworkSource ReadNetwork(ParseResult parsed)
    {
        if (parsed.GetValue(From) is { } path)
            return ReadSaved(path, parsed);
        var kind = parsed.GetValue(Network);
        if (kind != NetworkKind.Mlp && parsed.GetResult(Hidden) is not null)
            throw new UsageException("--hidden: belongs to --network mlp, as the layers of others are fixed; leave it out");
        foreach (var option in new Option[] { Patch, Width, Depth, Heads })
        {
            if (kind != NetworkKind.Vit && parsed.GetResult(option) is not null)
                throw new UsageException($"{option.Name}: belongs to --network vit; leave it out");
        }
        ImmutableArray<int> hidden =
            kind != NetworkKind.Mlp ? [] : parsed.GetResult(Hidden) is null ? [128, 64] : parsed.GetValue(Hidden);
        var activation = parsed.GetResult(Activation) is not null ? parsed.GetValue(Activation)
            : kind == NetworkKind.Vit ? Networks.Activation.Gelu : Networks.Activation.Relu;
        return new NetworkSource.Fresh(
            new NetworkDesign(kind, hidden, activation, parsed.GetValue(Init) ?? Initialization.PyTorch)
            {
                Sizes = ReadSizes(parsed),
            });
    }

    private TransformerSizes ReadSizes(ParseResult parsed)
    {
        var usual = TransformerSizes.Usual;
        return new(Given(Patch, usual.Patch), Given(Width, usual.Width), Given(Depth, usual.Depth), Given(Heads, usual.Heads));

        int Given(Option<int> option, int otherwise) =>
            parsed.GetResult(option) is null ? otherwise : parsed.GetValue(option);
    }

    private NetworkSource.Saved ReadSaved(string path, ParseResult parsed)
    {
        foreach (var option in new Option[] { Network, Hidden, Patch, Width, Depth, Heads, Activation, Init })
        {
            if (parsed.GetResult(option) is not null)
                throw new UsageException(
                    $"{option.Name}: --from takes the network from the checkpoint; leave one of the two out");
        }
        if (!File.Exists(path))
            throw new UsageException($"--from {path}: does not exist; {MissingPath.Remedy(path)}");
        var checkpoint = Checkpoint.Open(path);
        return new NetworkSource.Saved(checkpoint,
            checkpoint.Metadata.Epoch ?? CheckpointFolder.EpochOf(checkpoint.FileName) ?? 0);
    }

    private static ImmutableArray<float>? Recorded(ImmutableArray<float> values) => values.IsDefaultOrEmpty ? null : values;

    private static Option<Drawn> RandomOption(string name, string description) => TypedOption.Read(
        name, $"{RandomData.True}|random[:SEED]", $"{description} [default: {RandomData.True}; seed 0]",
        [RandomData.True, "random"], text => new Drawn(RandomData.Parse(text)));

    // An option that is null counts as one that is not given.
    private readonly record struct Drawn(long? Seed);

    private static long? Recall(string option, string? recorded)
    {
        try
        {
            return recorded is null ? null : RandomData.Parse(recorded);
        }
        catch (FormatException e)
        {
            throw new UsageException($"--from: it records {option[2..]} {e.Message}; choose with {option}");
        }
    }

    // A checkpoint of another program may name an optimizer that we do not have.
    private static T Recall<T>(string word) where T : struct, Enum =>
        Enum.TryParse<T>(word, ignoreCase: true, out var value) && Enum.IsDefined(value)
            ? value
            : throw new UsageException($"--from: its optimizer '{word}' is unknown here; choose one with --optimizer");
}
