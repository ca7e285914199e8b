using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Datasets;
using Emergence.Trainer.Experiments;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Cli;

/// <summary>The options of <c>experiment</c>, and how they become a plan.</summary>
internal sealed class ExperimentOptions
{
    private static readonly ImmutableArray<int> AllPruneAfter = [5, 0, 1, 2, 10];

    private Argument<string> Name { get; } = new("experiment")
    {
        Description = $"which, one or several with commas between them: {string.Join(", ", ExperimentPlan.Names)}",
        HelpName = "NAME[,NAME]",
    };

    private Option<ImmutableArray<string>> Dataset { get; } = TypedOption.Choices(
        "--dataset", "NAME[,NAME]",
        "data sets [default: mnist,fashion-mnist; cnn: mnist,cifar10]; transfer goes from the first to the last",
        [.. DatasetCatalog.All.Select(set => set.Name)]);

    private Option<string> DataDir { get; } = TypedOption.Text(
        "--data-dir", "DIR", "folder with the data sets' files [default: a cache, downloaded on first use]");

    private Option<ImmutableArray<long>> Seeds { get; } = TypedOption.WholeNumbers(
        "--seeds", "each run is repeated with each [default: 0 to 9; cnn: 0 to 4; --quick: 0]", long.MinValue);

    private Option<ImmutableArray<int>> PruneAfter { get; } = TypedOption.WholeNumbers(
        "--prune-after",
        "epochs before pruning; the figures show the first, the others are compared with it [default: 5; all: 5,0,1,2,10]", 0);

    private Option<NetworkKind> Network { get; } = TypedOption.Choice(
        "--network", "the network of cnn [default: lenet]", ("lenet", NetworkKind.LeNet), ("cnn", NetworkKind.Cnn));

    private Option<ImmutableArray<int>> Hidden { get; } = TypedOption.WholeNumbersOr(
        "--hidden", "N[,N…]", "none", "sizes of the hidden layers of the fully connected network [default: 128,64]");

    private Option<Activation> Activation { get; } = TypedOption.Choice(
        "--activation", "activation function of the hidden layers [default: relu]", TypedOption.WordsOf<Activation>());

    private Option<InitialWeights> Init { get; } = InitializationOption.Create();

    private Option<double> LearningRate { get; } = TypedOption.Number<double>(
        "--lr", "learning rate of the fully connected network [default: 0.005]", x => x > 0, "a finite number above 0");

    private Option<int> BatchSize { get; } =
        TypedOption.WholeNumber("--batch-size", "samples in one step of the fully connected network [default: 64]", 1);

    private Option<Optimizer> Optimizer { get; } = TypedOption.Choice(
        "--optimizer", "how a step of the fully connected network follows from a gradient [default: sgd]",
        TypedOption.WordsOf<Optimizer>());

    private Option<double> Momentum { get; } = TypedOption.Number<double>(
        "--momentum", "share of the last step that sgd keeps [default: 0]", x => x is >= 0 and < 1, "a number from 0 to below 1");

    private Option<int> Samples { get; } = TypedOption.WholeNumber(
        "--samples", "train fully connected networks on the first N samples [default: all]", 1);

    private Option<int> Epochs { get; } =
        TypedOption.WholeNumber("--epochs", "epochs after pruning, transfer or start [default: 20]", 1);

    private Option<bool> Quick { get; } =
        new("--quick") { Description = "few samples and epochs, one seed and one data set: to see it work, not to learn from" };

    private Option<string> Analyzer { get; } = TypedOption.Text(
        "--analyzer", "PATH", "the program emergence-analyze [default: beside this one, else on the PATH]");

    private Option<int> Jobs { get; } =
        TypedOption.WholeNumber("--jobs", "runs at a time; changes no result [default: one per core]", 1);

    private Option<int> Threads { get; } =
        TypedOption.WholeNumber("--threads", "threads of one run; part of what makes it repeatable [default: 1]", 1);

    private ShardOption Shard { get; } = new(
        "--shard", "do only part i of N of the runs, in an --out that all parts share; the same command without it makes the "
        + "report; auto: as Slurm, AWS Batch or CI say, or Kubernetes, with N");

    private Option<string> Out { get; } = TypedOption.Text(
        "--out", "DIR", "folder for the runs, figures, tables and report.html; what is finished there is not done again");

    private Option<bool> Quiet { get; } = new("--quiet") { Description = "no progress and no notes" };

    /// <summary>Which experiment.</summary>
    public Argument Argument
    {
        get
        {
            Name.Validators.Add(result =>
            {
                foreach (var name in result.Tokens.SelectMany(token => token.Value.Split(',')).Except(ExperimentPlan.Names))
                    result.AddError($"{name}: no such experiment; expected {string.Join(", ", ExperimentPlan.Names)}"
                        + NearestName.Question(name, ExperimentPlan.Names));
            });
            return Name;
        }
    }

    /// <summary>All options, in the order of help.</summary>
    public ImmutableArray<OptionGroup> Groups
    {
        get
        {
            Out.Required = true;
            return
            [
                new("Samples", Dataset, DataDir, Samples),
                new("Experiment", Seeds, PruneAfter, Epochs, Quick),
                new("Network", Network, Hidden, Activation, Init),
                new("Training", LearningRate, BatchSize, Optimizer, Momentum),
                new("Runs", Analyzer, Jobs, Threads),
                new("Many machines", Shard.Option),
                new("Output", Out, Quiet),
            ];
        }
    }

    /// <summary>The experiments that the options describe.</summary>
    /// <exception cref="UsageException">The options contradict one another.</exception>
    public ExperimentPlan ReadPlan(ParseResult parsed)
    {
        var name = parsed.GetRequiredValue(Name);
        var usual = new ExperimentSettings { PruneAfter = name.Split(',').Contains(ExperimentPlan.All) ? AllPruneAfter : [5] };
        if (parsed.GetValue(Quick))
            usual = usual.Quick();
        var settings = usual with
        {
            Seeds = Given(Seeds, usual.Seeds),
            ConvolutionalSeeds = Given(Seeds, usual.ConvolutionalSeeds),
            PruneAfter = Given(PruneAfter, usual.PruneAfter),
            Epochs = Given(Epochs, usual.Epochs),
            Threads = Given(Threads, usual.Threads),
            TrainingSamples = parsed.GetResult(Samples) is null ? usual.TrainingSamples : parsed.GetValue(Samples),
            Hyper = usual.Hyper with
            {
                LearningRate = Given(LearningRate, usual.Hyper.LearningRate),
                BatchSize = Given(BatchSize, usual.Hyper.BatchSize),
                Optimizer = Given(Optimizer, usual.Hyper.Optimizer),
                Momentum = Given(Momentum, usual.Hyper.Momentum),
            },
            Design = usual.Design with
            {
                Hidden = Given(Hidden, usual.Design.Hidden),
                Activation = Given(Activation, usual.Design.Activation),
                Initialization = Given(Init, usual.Design.Initialization),
            },
        };
        if (settings.Hyper is { Optimizer: Training.Optimizer.Adam, Momentum: > 0 })
            throw new UsageException("--momentum: belongs to --optimizer sgd; leave it out");
        if (settings.Design.Hidden.IsEmpty)
            throw new UsageException("--hidden: a network without hidden layers has nothing to prune; give their sizes");
        if (settings.PruneAfter.Max() > settings.PruneAfter[0] + settings.Epochs)
            throw new UsageException("--prune-after: is after the last epoch; give more --epochs");
        return ExperimentPlan.Of(name, settings, Given(Dataset, []), Given(Network, NetworkKind.LeNet));

        T Given<T>(Option<T> option, T usual) => parsed.GetResult(option) is null ? usual : parsed.GetValue(option)!;
    }

    /// <summary>The command again, without what differs from machine to machine.</summary>
    public string Describe(ParseResult parsed) =>
        string.Join(' ', new[] { "emergence-train", "experiment", parsed.GetRequiredValue(Name) }
        .Concat(parsed.CommandResult.Command.Options
            .Where(option =>
                option != DataDir && option != Analyzer && option != Jobs && option != Shard.Option && option != Out
                    && option != Quiet && option is not System.CommandLine.Help.HelpOption)
            .Select(option => parsed.GetResult(option)).OfType<OptionResult>()
            .Where(result => !result.Implicit)
            .SelectMany(result => result.Tokens.Select(token => token.Value).Prepend(result.Option.Name)))
        .Concat(["--data-dir", "DATA", "--out", "DIR"]));

    /// <summary>The share of the runs; null: all, and the report.</summary>
    /// <exception cref="UsageException">It is not clear which share is meant.</exception>
    public Shard? ReadShard(ParseResult parsed) => Shard.Read(parsed);

    /// <summary>Folder of everything the experiments make.</summary>
    public string ReadOut(ParseResult parsed) => Path.GetFullPath(parsed.GetRequiredValue(Out));

    /// <summary>Folder of the data sets, or null.</summary>
    public string? ReadDataDir(ParseResult parsed) => parsed.GetValue(DataDir);

    /// <summary>The analyzer's path, or null.</summary>
    public string? ReadAnalyzer(ParseResult parsed) => parsed.GetValue(Analyzer);

    /// <summary>Runs at a time.</summary>
    public int ReadJobs(ParseResult parsed) =>
        parsed.GetResult(Jobs) is null ? Environment.ProcessorCount : parsed.GetValue(Jobs);

    /// <summary>Whether progress and notes are unwanted.</summary>
    public bool ReadQuiet(ParseResult parsed) => parsed.GetValue(Quiet);
}
