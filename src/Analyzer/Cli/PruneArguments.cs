using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Reports;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Pruning;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Cli;

/// <summary>The options of <c>prune</c>, and how they become calls of the library.</summary>
/// <param name="worker">The process that may die; null where it is not watched.</param>
internal sealed class PruneArguments(Worker? worker)
{
    private static readonly PruneOptions Default = new() { Amount = 0 };
    private static readonly ImmutableArray<double> SensitivityAmounts = [0.3, 0.5, 0.7, 0.9];

    private CheckpointArgument Checkpoints { get; } =
        new("each is pruned for itself", "emergence-analyze prune model.onnx --amount 0.3 --out pruned.onnx");

    private Option<ImmutableArray<double>> Amount { get; } = TypedOption.List(
        "--amount", "X[,X…]", "share to prune, from 0 to below 1, as in 0.3 or 30%; several give a file each",
        text => TypedOption.ReadNumber<double>(text, amount => amount is >= 0 and < 1, "a number from 0 to below 1"));

    private Option<PruneScope> Scope { get; } = TypedOption.Choice(
        "--scope", $"seek the smallest in the whole model or in each layer [default: {PruneWords.Of(Default.Scope)}]",
        [.. Enum.GetValues<PruneScope>().Select(value => (PruneWords.Of(value), value))]);

    private Option<PruneStructure> Structure { get; } = TypedOption.Choice(
        "--structure", $"prune single weights, or nodes: features and filters [default: {PruneWords.Of(Default.Structure)}]",
        [.. Enum.GetValues<PruneStructure>().Select(value => (PruneWords.Of(value), value))]);

    private Option<PruneShare> Of { get; } = TypedOption.Choice(
        "--of", $"the amount is a share of all, or of what is not zero yet [default: {PruneWords.Of(Default.Of)}]",
        [.. Enum.GetValues<PruneShare>().Select(value => (PruneWords.Of(value), value))]);

    // --norm: the name it had before there was more than a norm.
    private Option<Importance> Ranking { get; } = TypedOption.Choice(
        "--importance",
        "what ranks them: of nodes l1, l2, activation, random; of weights magnitude unless wanda, random [default with nodes: "
        + "l2]",
        TypedOption.WordsOf<Importance>()).Also("--norm");

    private Option<bool> Dead { get; } = TypedOption.Flag(
        "--dead", "remove exactly the nodes that are dead on the samples, and report what that changes; in place of --amount");

    private Option<double> MinKeep { get; } = TypedOption.Number<double>(
        "--min-keep",
        $"with nodes: the share of its nodes that each layer keeps at least [default: {NumberText.Exact(Default.MinKeep)}]",
        share => share is >= 0 and <= 1, "a number from 0 to 1");

    private Option<int> RoundTo { get; } =
        TypedOption.WholeNumber("--round-to", "with nodes: each layer keeps a multiple of N nodes, as hardware likes them", 1);

    private Option<ImmutableArray<ParameterRole>> Parameters { get; } = TypedOption.List(
        "--parameters", "weights,biases,normalization", "what to prune, with weights [default: weights]", text => text switch
        {
            "weights" => ParameterRole.Weight,
            "biases" => ParameterRole.Bias,
            // British spelling, too.
            "normalization" or "normalisation" => ParameterRole.Normalization,
            _ => throw new FormatException($"'{text}': expected weights, biases or normalization"),
        });

    private Option<ImmutableArray<string>> Only { get; } =
        TypedOption.Texts("--only", "GLOB", "prune only the layers whose name matches; repeatable");

    private Option<ImmutableArray<string>> Exclude { get; } =
        TypedOption.Texts("--exclude", "GLOB", "leave the layers alone whose name matches; repeatable");

    private Option<bool> KeepOutput { get; } = TypedOption.Flag("--keep-output", "leave the last layer alone");

    private Option<bool> Shrink { get; } =
        TypedOption.Flag("--shrink", "with nodes: cut them out of the file where that is possible");

    private Option<bool> Strict { get; } = TypedOption.Flag("--strict", "with --shrink: fail where a node cannot be cut out");

    private Option<bool> NoVerify { get; } =
        TypedOption.Flag("--no-verify", "do not run the pruned model before it is written: for one too large to run");

    private Option<bool> Sensitivity { get; } = TypedOption.Flag(
        "--sensitivity",
        "write nothing: prune each layer alone and show what changes [amounts by default: "
        + $"{string.Join(',', SensitivityAmounts)}]");

    // The samples, thresholds and devices of the default command.
    private AnalyzeOptions Measuring { get; } = new(worker);

    private Option<string> Out { get; } =
        TypedOption.Text("--out", "FILE|DIR", "where to write; a directory gets NAME.pruned-30.onnx");

    private Option<bool> Force { get; } = TypedOption.Flag("--force", "allow to write onto a model that is read");

    private Option<string> Format { get; } = TypedOption.Choice(
        "--format", $"form of the report on stdout [default: {PruneReportWriters.All[0].Format}]",
        [.. PruneReportWriters.All.Select(writer => (writer.Format, writer.Format))]);

    private Option<bool> Quiet { get; } = TypedOption.Flag("--quiet", "no notes; warnings and errors stay");

    /// <summary>The models.</summary>
    public Argument Argument => Checkpoints.Argument;

    /// <summary>All options, in the order of help.</summary>
    public ImmutableArray<OptionGroup> Groups =>
    [
        new("Pruning", Amount, Dead, Scope, Structure, Of, Ranking, MinKeep, RoundTo, Parameters, Only, Exclude, KeepOutput,
            Shrink, Strict, NoVerify, Sensitivity),
        new("Output", Out, Force, Format, Quiet),
        .. Measuring.GroupsOfMeasuring,
    ];

    /// <summary>What the user asked for; the files are looked up here.</summary>
    /// <exception cref="UsageException">A path names nothing, or options do not go together.</exception>
    public PruneCall Read(ParseResult parsed, TextReader input)
    {
        var files = Checkpoints.Read(parsed, input);
        var (isSensitivity, isDead) = (parsed.Given(Sensitivity, false), parsed.Given(Dead, false));
        var amounts = ReadAmounts(parsed, isSensitivity, isDead);
        var output = parsed.GetValue(Out);
        if (output is null && !isSensitivity)
            throw new UsageException("--out is missing; name the file to write, or a directory");
        var probe = Measuring.ReadProbe(parsed);
        var importance = parsed.Given(Ranking, Importance.L2);
        var options = ReadOptions(parsed, probe, importance, isDead);
        RequireStructure(parsed, options, importance);
        if (isDead)
            RequireNoRanking(parsed);
        var isMeasured = isDead || importance is Importance.Activation or Importance.Wanda;
        if (isSensitivity)
            RequireNothingWritten(parsed, isMeasured);
        var settings = Measuring.ReadSettings(parsed);
        if (isMeasured && settings.Statistic == Statistic.Sample)
            throw new UsageException("--statistic sample: says nothing of a node as a whole; choose another");
        Require(
            parsed, "--sensitivity, --dead and --importance activation or wanda", isSensitivity || isMeasured,
            [.. Measuring.Measuring.Where(option =>
                option.Name != "--dim" && !(option.Name is "--data" or "--data-dir" or "--seed"))]);
        return new PruneCall
        {
            Checkpoints = files,
            Boundary = Measuring.ReadLimits(parsed),
            Amounts = amounts,
            Files = isSensitivity ? [] : PruneFiles.Plan(files, amounts, output!, parsed.Given(Force, false), isDead),
            Options = options,
            Format = parsed.Given(Format, PruneReportWriters.All[0].Format),
            Quiet = parsed.Given(Quiet, false),
            Verification = parsed.Given(NoVerify, false) ? null : probe,
            Sensitivity = isSensitivity ? new(settings, probe) : null,
            Measured = isMeasured ? new(settings, probe) : null,
            Importance = importance,
            IsDead = isDead,
        };
    }

    private ImmutableArray<double> ReadAmounts(ParseResult parsed, bool isSensitivity, bool isDead)
    {
        if (isDead && IsGiven(parsed, Amount))
            throw new UsageException("--amount does not go with --dead, which removes what is dead; leave out one of them");
        var amounts = isDead ? [0] : parsed.Given(Amount, isSensitivity ? SensitivityAmounts : []);
        return amounts.IsEmpty
            ? throw new UsageException("--amount is missing; say how much to prune, as in --amount 0.3")
            : amounts;
    }

    private PruneOptions ReadOptions(ParseResult parsed, ProbeOptions probe, Importance importance, bool isDead) => new()
    {
        Amount = 0,
        Scope = parsed.Given(Scope, Default.Scope),
        Structure = parsed.Given(Structure, isDead ? PruneStructure.Nodes : Default.Structure),
        Of = parsed.Given(Of, Default.Of),
        Norm = importance == Importance.L1 ? UnitNorm.L1 : Default.Norm,
        MinKeep = parsed.Given(MinKeep, Default.MinKeep),
        RoundTo = parsed.Given(RoundTo, Default.RoundTo),
        RandomSeed = importance == Importance.Random ? probe.Seed : null,
        Parameters = parsed.Given(Parameters, Default.Parameters),
        Only = parsed.Given(Only, Default.Only),
        Exclude = parsed.Given(Exclude, Default.Exclude),
        // A class that never wins is no reason to take it away.
        KeepOutput = parsed.Given(KeepOutput, false) || isDead,
        Shrink = parsed.Given(Shrink, false),
        Strict = parsed.Given(Strict, false),
        Trace = new TraceOptions { Dimensions = probe.Dimensions },
    };

    private void RequireStructure(ParseResult parsed, PruneOptions options, Importance importance)
    {
        var isOfNodes = options.Structure == PruneStructure.Nodes;
        Require(parsed, "--structure nodes", isOfNodes, Dead, Shrink, MinKeep, RoundTo);
        if (IsGiven(parsed, Ranking) && importance != Importance.Random && !isOfNodes != (importance == Importance.Wanda))
            throw new UsageException(
                $"--importance {importance.ToString().ToLowerInvariant()} goes with --structure "
                + $"{(importance == Importance.Wanda ? "weights" : "nodes")} only; choose another");
        Require(parsed, "--structure weights", !isOfNodes, Parameters);
        Require(parsed, "--shrink", options.Shrink, Strict);
    }

    private void RequireNoRanking(ParseResult parsed)
    {
        foreach (var option in (Option[])[Ranking, MinKeep, RoundTo, Of, Scope])
        {
            if (IsGiven(parsed, option))
                throw new UsageException($"{option.Name} does not go with --dead, which ranks nothing; leave it out");
        }
    }

    private void RequireNothingWritten(ParseResult parsed, bool isMeasured)
    {
        if (isMeasured)
            throw new UsageException("--sensitivity prunes by magnitude; leave out --dead and --importance");
        foreach (var option in (Option[])[Scope, Shrink, Strict, NoVerify, Out, Force])
        {
            if (IsGiven(parsed, option))
                throw new UsageException(
                    $"{option.Name} does not go with --sensitivity, which prunes each layer alone and writes nothing; leave "
                    + "it out");
        }
    }

    private static void Require(ParseResult parsed, string other, bool fits, params ReadOnlySpan<Option> wanted)
    {
        foreach (var option in wanted)
        {
            if (IsGiven(parsed, option) && !fits)
                throw new UsageException($"{option.Name} goes with {other} only; leave it out");
        }
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };
}
