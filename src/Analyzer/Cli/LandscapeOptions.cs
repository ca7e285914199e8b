using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Landscapes;
using Emergence.Analyzer.Reports.Landscapes;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Losses;

namespace Emergence.Analyzer.Cli;

/// <summary>The options of <c>landscape</c>, and how they become a request.</summary>
/// <param name="worker">The process that may die; null where it is not watched.</param>
internal sealed class LandscapeOptions(Worker? worker)
{
    // Fewer points have no inside.
    private const int SmallestGrid = 3;

    private static readonly LandscapeRequest Default = new([], new(), new(), new LossSettings(LossKind.CrossEntropy));

    private CheckpointArgument Checkpoints { get; } = new(
        "with random directions each has a landscape of its own", "emergence-analyze landscape model.onnx --data mnist");

    private Option<DirectionKind> Directions { get; } = TypedOption.Choice(
        "--directions",
        "around each checkpoint along random directions; around the last of a series in the plane of its path; or on the line "
        + $"between two [default: {LandscapeWords.Of(Default.Directions)}]",
        [.. Enum.GetValues<DirectionKind>().Select(kind => (LandscapeWords.Of(kind), kind))]);

    private Option<int> Grid { get; } = TypedOption.WholeNumber(
        "--grid", $"points along each direction [default: {Default.Grid}]", SmallestGrid);

    private Option<double> Range { get; } = TypedOption.Number<double>(
        "--range",
        "how far: times the direction on both sides; of a path, a quarter of its extent beyond it; of a line, 1 is from end to "
        + $"end [default: {Default.Range.ToString(CultureInfo.InvariantCulture)}]",
        range => range > 0, "a number above 0");

    private Option<Normalization> Normalize { get; } = TypedOption.Choice(
        "--normalize",
        "make random directions as long as the weights: of each filter, of each layer, or not "
        + $"[default: {LandscapeWords.Of(Default.Normalization)}]",
        [.. Enum.GetValues<Normalization>().Select(kind => (LandscapeWords.Of(kind), kind))]);

    private Option<int> Pairs { get; } = TypedOption.WholeNumber(
        "--pairs",
        $"pairs of random directions that numbers are means over; the first one is drawn as a grid [default: {Default.Pairs}]",
            1);

    private Option<LossKind> Loss { get; } = TypedOption.Choice(
        "--loss",
        "cross-entropy of the classes; mean squared difference from targets; or what the model itself gives "
        + $"[default: {LossWords.Of(Default.Loss.Kind)}]",
        [.. Enum.GetValues<LossKind>().Select(kind => (LossWords.Of(kind), kind))]);

    private Option<string> Targets { get; } = TypedOption.Text(
        "--targets", "PATH", "with --loss mse: what the outputs should be, as .npy or .pb [default: the classes, one-hot]");

    // The samples and devices of the default command.
    private AnalyzeOptions Running { get; } = new(worker);

    private Option<string> Out { get; } = TypedOption.Text(
        "--out", "DIR",
        $"write {string.Join(", ", LandscapeWriters.All.Select(writer => writer.FileName).OfType<string>())} there; a run that "
        + "was interrupted goes on where it stopped");

    private Option<string> Format { get; } = TypedOption.Choice(
        "--format", $"form of the answer on stdout [default: {LandscapeWriters.All[0].Format}]",
        [.. LandscapeWriters.All.Select(writer => writer.Format).OfType<string>().Select(format => (format, format))]);

    private Option<bool> Quiet { get; } = TypedOption.Flag("--quiet", "no progress and no notes; warnings and errors stay");

    /// <summary>The models.</summary>
    public Argument Argument => Checkpoints.Argument;

    /// <summary>All options, in the order of help.</summary>
    public ImmutableArray<OptionGroup> Groups =>
    [
        new("Landscape", Directions, Grid, Range, Normalize, Pairs, Loss, Targets),
        new("Output", Out, Format, Quiet),
        .. Running.GroupsOfRunning,
    ];

    /// <summary>What the user asked for; the files are looked up here.</summary>
    /// <exception cref="UsageException">A path names nothing, or options do not go together.</exception>
    /// <exception cref="UserException">The targets cannot be read.</exception>
    public LandscapeCall Read(ParseResult parsed, TextReader input)
    {
        T Given<T>(Option<T> option, T fallback) => parsed.GetResult(option) is null ? fallback : parsed.GetValue(option)!;

        var directions = Given(Directions, Default.Directions);
        if (directions != DirectionKind.Random && parsed.GetResult(Normalize) is not null)
            throw new UsageException(
                $"--normalize: scales random directions, not those of --directions {LandscapeWords.Of(directions)}; leave it "
                + "out");
        var kind = Given(Loss, Default.Loss.Kind);
        if (parsed.GetResult(Targets) is not null && kind != LossKind.SquaredError)
            throw new UsageException("--targets goes with --loss mse only; leave it out, or give --loss mse");
        var probe = Running.ReadProbe(parsed);
        var settings = Running.ReadSettings(parsed);
        var place = parsed.GetValue(Out);
        if (File.Exists(place))
            throw new UsageException($"--out {place}: is a file; name a directory, which is created where needed");
        var loss = new LossSettings(kind)
        {
            Targets = ReadTargets(parsed.GetValue(Targets)),
            Workers = settings.Threads,
            SamplesAtATime = settings.Batch,
        };
        var request = new LandscapeRequest(Checkpoints.Read(parsed, input), settings, probe, loss)
        {
            Directions = directions,
            Grid = Given(Grid, Default.Grid),
            Range = Given(Range, Default.Range),
            Normalization = Given(Normalize, Default.Normalization),
            Pairs = Given(Pairs, Default.Pairs),
            Seed = probe.Seed,
            Boundary = Running.ReadLimits(parsed),
        };
        return new LandscapeCall(request, place, Given(Format, LandscapeWriters.All[0].Format!), Given(Quiet, false));
    }

    private static LossTargets? ReadTargets(string? path) => path switch
    {
        null => null,
        _ when File.Exists(path) => LossTargets.Read(path),
        _ => throw new UsageException($"--targets {path}: no such file; {MissingPath.Remedy(path)}"),
    };
}

/// <summary>One call of <c>landscape</c>.</summary>
/// <param name="Request">What to measure.</param>
/// <param name="Out">Directory for the files, or null.</param>
/// <param name="Format">Form of the answer on stdout.</param>
/// <param name="Quiet">Whether progress and notes are silenced.</param>
internal sealed record LandscapeCall(LandscapeRequest Request, string? Out, string Format, bool Quiet);
