using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Reports;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Networks;
using DeviceKind = Emergence.Measuring.Settings.Device;
using StatisticKind = Emergence.Measuring.Settings.Statistic;

namespace Emergence.Analyzer.Cli;

/// <summary>The options of the default command, and how they become a request.</summary>
/// <param name="worker">The process that may die; null where it is not watched.</param>
internal sealed class AnalyzeOptions(Worker? worker)
{
    // A default is stated once, in the record that holds it; help quotes it from there.
    private static readonly AnalysisSettings Settings = new();

    private const string WiredMeasure = "wired";
    private const string ContributionsMeasure = "contributions";
    private const string RivalsMeasure = "rivals";

    private CheckpointArgument Checkpoints { get; } = new("a series is ordered by epoch", "emergence-analyze ckpt_*.onnx");

    private SampleOptions Samples { get; } = new();

    private Option<int> Batch { get; } = TypedOption.WholeNumber(
        "--batch", "samples in one run, in whole groups of 16; changes no result [default: by size of the model]", 1);

    private Option<ImmutableArray<float>> Threshold { get; } = TypedOption.Numbers(
        "--threshold",
        $"θ: a node is alive above it; several give a row each [default: {NumberText.Exact(Settings.Thresholds[0])}]", _ => true,
        "a finite number");

    private Option<Statistic> Statistic { get; } = TypedOption.Choice(
        "--statistic", $"how activations over the samples become one number [default: {Spelling.Of(Settings.Statistic)}]",
        [.. Enum.GetValues<Statistic>().Select(value => (Spelling.Of(value), value))]);

    private Option<double> AliveShare { get; } = TypedOption.Number<double>(
        "--alive-share",
        $"with --statistic share: alive above this share of samples [default: {NumberText.Exact(Settings.AliveShare)}]",
        x => x is >= 0 and <= 1, "a number from 0 to 1");

    private Option<ConvNodes> ConvNodes { get; } = TypedOption.Choice(
        "--conv-nodes", $"nodes of a convolution: C×H×W units or C filters [default: {Spelling.Of(Settings.ConvNodes)}]",
        [.. Enum.GetValues<ConvNodes>().Select(value => (Spelling.Of(value), value))]);

    private Option<bool> IncludeInput { get; } = TypedOption.Flag("--include-input", "count the network's input as a layer");

    private Option<ImmutableArray<string>> Measures { get; } = TypedOption.Words(
        "--measures", "wired: E_w too, over the connections that exist; it costs about one addition per multiply-accumulate. " +
        "contributions: E by pairs of layers, in results.json. rivals: norms, ranks and alpha of weights, ranks of activations "
        + "and the path norm, which takes another pass over the samples "
        + "[default: E and E_H]",
        WiredMeasure, ContributionsMeasure, RivalsMeasure);

    private Option<int> Bootstrap { get; } = TypedOption.WholeNumber(
        "--bootstrap",
        "95 % intervals of alive counts, E and E_H over the choice of samples, from N resamples, such as 1000 [default: none]",
        BootstrapSettings.FewestResamples);

    private NullOption Nulls { get; } = new();

    private Option<bool> Units { get; } = TypedOption.Flag(
        "--units", $"with --out: what was counted of each node too, in {OutputOptions.Files(ofUnits: true)}");

    private Option<ImmutableArray<string>> Only { get; } =
        TypedOption.Texts("--only", "GLOB", "keep only the layers whose name matches; repeatable");

    private Option<ImmutableArray<string>> Exclude { get; } =
        TypedOption.Texts("--exclude", "GLOB", "leave out the layers whose name matches; repeatable");

    private Option<Optimization> Optimization { get; } = TypedOption.Choice(
        "--optimization", $"ONNX Runtime's graph optimization [default: {Spelling.Of(Settings.Optimization)}]",
        [.. Enum.GetValues<Optimization>().Select(value => (Spelling.Of(value), value))]);

    private Option<int> Threads { get; } = TypedOption.WholeNumber(
        "--threads", "threads in all, which small checkpoints of a series share; 0: a thread for each core [default: 0]", 0);

    private Option<DeviceKind> Device { get; } = TypedOption.Read(
        "--device", "auto|cpu|cuda[:N]|PROVIDER",
        $"where models run; auto takes an NVIDIA GPU where one works [default: {Settings.Device}]",
        ["auto", "cpu", "cuda"], DeviceKind.Parse);

    private Option<string> ProviderLibrary { get; } = TypedOption.Text(
        "--ep-library", "PATH", "library with execution providers of ONNX Runtime; native code, loaded only when named here");

    private Option<bool> StrictSeries { get; } = TypedOption.Flag(
        "--strict-series", "refuse a series whose structure changes [default: it falls into segments, with a warning]");

    private LimitOptions Limits { get; } = new(worker);

    private ScaleOptions Machines { get; } = new();

    private GateOptions Gates { get; } = new();

    private OutputOptions Output { get; } = new();

    /// <summary>The checkpoints.</summary>
    public Argument Argument => Checkpoints.Argument;

    /// <summary>All options of the default command, in the order of help.</summary>
    public ImmutableArray<OptionGroup> Groups =>
    [
        .. MeasuringGroups(Bootstrap, Nulls.Option, Units, Only, Exclude),
        new("Runs", [Optimization, Threads, Device, ProviderLibrary, Batch, StrictSeries, .. Limits.All]),
        new("Many machines", [.. Machines.All]),
        new("Gates", [.. Gates.All]),
        new("Output", [.. Output.All]),
    ];

    /// <summary>The groups of a command that analyzes checkpoints as they come.</summary>
    /// <param name="own">What it alone has.</param>
    public ImmutableArray<OptionGroup> GroupsOfWatching(OptionGroup own) =>
    [
        own,
        .. MeasuringGroups(Bootstrap, Nulls.Option, Units, Only, Exclude),
        new("Runs", Optimization, Threads, Device, ProviderLibrary, Batch, StrictSeries, Limits.Memory),
        new("Gates", [.. Gates.All]),
        new("Output", [.. Output.All]),
    ];

    /// <summary>The groups of <see cref="Measuring"/> for other commands.</summary>
    public ImmutableArray<OptionGroup> GroupsOfMeasuring =>
        [.. MeasuringGroups(), new("Runs", [Optimization, Threads, Device, ProviderLibrary, Batch, .. Limits.All])];

    /// <summary>The groups of samples and runs for commands that measure no activations.</summary>
    public ImmutableArray<OptionGroup> GroupsOfRunning =>
        [SamplesGroup, new("Runs", [Optimization, Threads, Device, ProviderLibrary, Batch, .. Limits.All])];

    private OptionGroup SamplesGroup => new("Samples", [.. Samples.All]);

    private ImmutableArray<OptionGroup> MeasuringGroups(params ImmutableArray<Option> others) =>
    [
        SamplesGroup,
        new("Measurement", [Threshold, Statistic, AliveShare, ConvNodes, IncludeInput, Measures, .. others]),
    ];

    /// <summary>What the user asked for; the files are looked up here.</summary>
    /// <exception cref="UsageException">A path names nothing, or an option takes no such value.</exception>
    public AnalyzeCall Read(ParseResult parsed, TextReader input) => Read(parsed, Checkpoints.Read(parsed, input));

    /// <summary>What the user asked for, of these checkpoints.</summary>
    /// <inheritdoc cref="Read(ParseResult, TextReader)" path="/exception"/>
    public AnalyzeCall Read(ParseResult parsed, ImmutableArray<string> checkpoints)
    {
        var settings = ReadSettings(parsed);
        var request = new AnalysisRequest(checkpoints, settings, ReadProbe(parsed))
        {
            Boundary = Limits.Read(parsed),
            IsStrictSeries = parsed.Given(StrictSeries, false),
            Shard = Machines.ReadShard(parsed, Output.HasFolder(parsed)),
            SampleShard = Machines.ReadSampleShard(parsed, Output.HasFolder(parsed), settings),
        };
        if (request.SampleShard is not null)
            Output.RequireNone(parsed, "--shard-samples");
        var gates = Gates.Read(parsed, request);
        var shareNote = parsed.GetResult(AliveShare) is not null && settings.Statistic != StatisticKind.Share
            ? $"--alive-share changes nothing with --statistic {Spelling.Of(settings.Statistic)}"
            : null;
        return new AnalyzeCall
        {
            Request = request,
            Gates = gates,
            Cache = Machines.ReadCache(parsed),
            Output = Output.Read(parsed, [.. checkpoints, .. Gates.Files(parsed), .. SampleOptions.Files(request.Probe)]),
            SaysDevice = parsed.GetResult(Device) is not null,
            Notes = [.. gates.Notes.Prepend(shareNote).OfType<string>()],
        };
    }

    /// <summary>The options that say which samples to run, how, and how activations become numbers.</summary>
    public IEnumerable<Option> Measuring =>
    [
        .. Samples.All, Batch, Threshold, Statistic, AliveShare, ConvNodes, IncludeInput, Measures, Optimization, Threads, Device,
        ProviderLibrary,
    ];

    /// <summary>What shapes every number.</summary>
    /// <exception cref="UsageException">Options do not go together.</exception>
    public AnalysisSettings ReadSettings(ParseResult parsed) => new()
    {
        Thresholds = parsed.Given(Threshold, Settings.Thresholds),
        Statistic = parsed.Given(Statistic, Settings.Statistic),
        AliveShare = parsed.Given(AliveShare, Settings.AliveShare),
        ConvNodes = parsed.Given(ConvNodes, Settings.ConvNodes),
        IncludeInput = parsed.Given(IncludeInput, Settings.IncludeInput),
        Wired = WiredOfWhole(parsed),
        Contributions = Asked(parsed, ContributionsMeasure),
        Rivals = Asked(parsed, RivalsMeasure),
        Bootstrap = ReadBootstrap(parsed),
        Nulls = Nulls.Read(parsed, parsed.Given(Statistic, Settings.Statistic), Samples.SeedOf(parsed)),
        Units = ReadUnits(parsed),
        Only = parsed.Given(Only, Settings.Only),
        Exclude = parsed.Given(Exclude, Settings.Exclude),
        Optimization = parsed.Given(Optimization, Settings.Optimization),
        Threads = parsed.Given(Threads, Settings.Threads),
        Batch = parsed.Given(Batch, Settings.Batch),
        Device = ReadDevice(parsed),
        ProviderLibrary = parsed.Existing(ProviderLibrary, File.Exists, "file"),
    };

    /// <summary>What one checkpoint may take.</summary>
    public Boundary ReadLimits(ParseResult parsed) => Limits.Read(parsed);

    /// <summary>The samples.</summary>
    /// <inheritdoc cref="SampleOptions.Read" path="/exception"/>
    public ProbeOptions ReadProbe(ParseResult parsed) => Samples.Read(parsed);

    private bool WiredOfWhole(ParseResult parsed) =>
        Asked(parsed, WiredMeasure) && (parsed.GetResult(Only) ?? parsed.GetResult(Exclude)) is not null
            ? throw new UsageException(
                "--measures wired: counts the connections of the whole network; leave out --only and --exclude")
            : Asked(parsed, WiredMeasure);

    private bool Asked(ParseResult parsed, string measure)
    {
        if (!parsed.Given(Measures, []).Contains(measure))
            return false;
        return parsed.Given(Statistic, Settings.Statistic) == StatisticKind.Sample
            ? throw new UsageException($"--measures {measure}: is not offered per sample; choose another --statistic")
            : true;
    }

    private DeviceKind ReadDevice(ParseResult parsed)
    {
        var device = parsed.Given(Device, Settings.Device);
        return device.HasKnownName || parsed.GetResult(ProviderLibrary) is not null
            ? device
            : throw new UsageException(
                $"--device {device}: {DeviceKind.Expected}; a provider of another name needs its library, with --ep-library");
    }

    private bool ReadUnits(ParseResult parsed)
    {
        if (!parsed.Given(Units, false))
            return false;
        if (!Output.HasFolder(parsed))
            throw new UsageException("--units: writes files; name a folder for them with --out");
        return parsed.Given(Statistic, Settings.Statistic) == StatisticKind.Sample
            ? throw new UsageException(
                "--units: is not offered per sample, where no node is alive or dead as such; choose another --statistic")
            : true;
    }

    private BootstrapSettings? ReadBootstrap(ParseResult parsed)
    {
        if (parsed.GetResult(Bootstrap) is null)
            return null;
        var statistic = parsed.Given(Statistic, Settings.Statistic);
        return AliveRule.IsMean(statistic)
            ? new BootstrapSettings(parsed.GetValue(Bootstrap), Samples.SeedOf(parsed))
            : throw new UsageException(
                $"--bootstrap: is not offered with --statistic {Spelling.Of(statistic)}, which is no mean over the samples; " +
                $"choose {string.Join(" or ", Enum.GetValues<StatisticKind>().Where(AliveRule.IsMean).Select(Spelling.Of))}, "
                + "or leave it out");
    }
}
