using System.Collections.Immutable;
using System.Globalization;
using Emergence.Pages;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>Emergence against the ruggedness of the loss landscape: figure 1 of the paper, measured.</summary>
internal sealed class RuggednessChapter
{
    private static readonly ImmutableArray<Definition> Measures =
        [.. new[] { Quantity.Emergence, Quantity.Wired, Quantity.Relative }
            .Select(quantity => Definition.Usual with { Quantity = quantity })];

    private static readonly ImmutableArray<string> Numbers = ["roughness", "sharpness", "hessian_trace"];

    private readonly Ruggedness experiment;
    private readonly ImmutableDictionary<Ruggedness.State, ImmutableArray<Network>> networks;

    private RuggednessChapter(Ruggedness experiment, Workbench bench)
    {
        this.experiment = experiment;
        networks = experiment.States.ToImmutableDictionary(state => state, state => experiment.Settings.Seeds
            .Select(seed => Read(state, experiment.Run(state, seed))).ToImmutableArray());

        Network Read(Ruggedness.State state, TrainStep run) => new(
            Curve.Read(bench, run, [Reading.Mean]).At(state.Epoch),
            MeasuredLandscape.ReadAll(Path.Combine(bench.PathOf(experiment.Landscape(run).Folder), LandscapeStep.Results))
                .Single(landscape => landscape.Epoch == state.Epoch));
    }

    private sealed record Network(CurvePoint Point, MeasuredLandscape Landscape);

    /// <summary>Reads the results and writes the chapter.</summary>
    public static Chapter Write(Ruggedness experiment, Workbench bench)
    {
        var chapter = new RuggednessChapter(experiment, bench);
        var run = experiment.Run(experiment.States[0], experiment.Settings.Seeds[0]);
        var landscape = experiment.Landscape(run);
        return new Chapter(
            "Emergence and the ruggedness of the loss",
            [
                string.Create(CultureInfo.InvariantCulture,
                    $"{run.Setting.Describe(experiment.Settings.Seeds)}. After epoch {experiment.PruneEpoch} copies are pruned "
                    + $"by magnitude, the same share of each layer, and trained on to epoch {experiment.LastEpoch}; "
                    + $"pruned weights stay zero. Around each network the loss on {landscape.Samples} test samples is measured "
                    + $"along {landscape.Pairs} pairs of random directions, scaled filter by filter, {landscape.Grid} points "
                    + $"each."),
                "Roughness is what a line goes up and down beyond one valley, in heights of the line; sharpness, in per cent of "
                + "1 + loss, how far the worst of four steps of 5 % of the weights raises the loss; the trace is that of the "
                + "Hessian. docs/landscape.md defines them; directions move pruned weights too.",
                "The paper draws emergence against ruggedness (section 3.4.1, figure 1) and measures neither: the correlations "
                + "are exploratory. Over all networks together they mix in what training time and pruning do to both; "
                + "within a state only the seed differs.",
            ],
            [chapter.Scatter()],
            [chapter.States(), chapter.Correlations()],
            [chapter.GoesWith(), chapter.PruningChanges()]);
    }

    private ResultFigure Scatter() => new(
        "ruggedness",
        $"Figure 1 of the paper, measured: emergence and the loss landscape, {experiment.Dataset}; alive: mean > 0.05. A point "
        + "for each network.",
        new Figure(
            $"{experiment.Dataset}: emergence and ruggedness",
            [
                .. Numbers.Select(number => new Panel(
                    null, new Axis("E") { Logarithmic = true }, new Axis(Words(number)),
                    [
                        .. experiment.States.Select(state => new Series(state.Name,
                            [.. networks[state].Select(network =>
                                new Point(network.Point.Of(Definition.Usual), network.Landscape.Of(number)))])
                        {
                            Kind = SeriesKind.Scatter,
                        }),
                    ])),
            ]));

    private ResultTable States() => new(
        "ruggedness-states",
        "Emergence (mean > 0.05) and the loss landscape by state: median over the seeds (smallest … largest).",
        ["state", .. Measures.Select(measure => measure.Symbol), .. Numbers.Select(Words), "minima", "test accuracy, %"],
        [
            .. from state in experiment.States
               let some = networks[state]
               select ImmutableArray.Create(
               [
                   state.Name,
                   .. Measures.Select(measure => Cell.Spread(some.Select(network => network.Point.Of(measure)), Cell.Figures)),
                   .. Numbers.Append("minima").Select(number =>
                       Cell.Spread(some.Select(network => network.Landscape.Of(number)), Cell.Figures)),
                   Cell.Spread(some.Select(network => network.Point.Record.Test.Accuracy), Cell.Percent),
               ]),
        ]);

    private ResultTable Correlations() => new(
        "ruggedness-correlations",
        "Spearman's correlation of a measure with a number of the landscape, with its 95 % interval: over all networks, and over "
        + "the seeds within a state.",
        ["networks", "measure", .. Numbers.Select(Words)],
        [
            .. from some in Groups
               from measure in Measures
               select ImmutableArray.Create(
               [
                   some.Name, measure.Symbol,
                   .. Numbers.Select(number => Cell.Interval(Estimate.Spearman(Pairs(some.Networks, measure, number)))),
               ]),
        ]);

    private Claim GoesWith() => new(
        "Emergence is higher where the loss is more rugged.", "",
        "Spearman's correlation of E with the number, over the networks; above zero. Exploratory.",
        [
            .. from some in Groups
               from number in Numbers
               select Evidence.OfRuns($"{some.Name}, {Words(number)}", Definition.Usual.Name, 1,
                   Pairs(some.Networks, Definition.Usual, number).Where(pair => double.IsFinite(pair.Item2))),
        ]);

    /// <summary>Whether pruning moves emergence and ruggedness in one direction, seed by seed.</summary>
    private Claim PruningChanges() => new(
        "Pruning lowers emergence and the ruggedness of the loss.", "",
        "The pruned copy less the copy that is not, by seed, in the last epoch; below zero. Exploratory.",
        [
            .. from amount in Ruggedness.Amounts.Where(amount => amount > 0)
               let whole = networks[experiment.States.Single(state => state.Amount == 0)]
               let pruned = experiment.States.Single(state => state.Amount == amount)
               from evidence in Measures.Select(measure => Evidence.Of(
                       $"{pruned.Name}, {measure.Symbol}", measure.Name, Rule.Difference, -1, Differences(whole, networks[pruned],
                           network => network.Point.Of(measure))))
                   .Concat(Numbers.Select(number => Evidence.Of(
                       $"{pruned.Name}, {Words(number)}", "", Rule.Difference, -1, Differences(whole, networks[pruned],
                           network => network.Landscape.Of(number)))))
               select evidence,
        ]);

    private IEnumerable<(string Name, ImmutableArray<Network> Networks)> Groups => experiment.States
        .Select(state => (state.Name, networks[state]))
        .Prepend(("all networks", [.. experiment.States.SelectMany(state => networks[state])]));

    private static IEnumerable<(double, double)> Pairs(ImmutableArray<Network> some, Definition measure, string number) =>
        some.Select(network => (network.Point.Of(measure), network.Landscape.Of(number)));

    private static IEnumerable<double> Differences(
        ImmutableArray<Network> whole, ImmutableArray<Network> pruned, Func<Network, double> number) =>
        pruned.Zip(whole, (after, before) => number(after) - number(before));

    private static string Words(string number) => number == "hessian_trace" ? "Hessian trace" : number;
}
