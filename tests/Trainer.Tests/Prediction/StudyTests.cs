using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Prediction;

namespace Emergence.Trainer.Tests.Prediction;

/// <summary>The study as docs/preregistration.md fixes it, with runs that are made up.</summary>
public sealed class StudyTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    private string Rows => workspace.Folder("runs.csv");

    [Fact]
    public void The_design_is_the_registered_one()
    {
        Assert.Equal(120, Configuration.All.Length);
        Assert.Equal(48, Configuration.All.Count(run => run.IsConfirmation));
        Assert.Equal(12, Configuration.All.Select(run => run.Group).Distinct().Count());
        Assert.All(Configuration.All.GroupBy(run => run.Group), group => Assert.Equal(
            ["discovery", "discovery", "discovery", "discovery", "discovery", "discovery", "confirmation", "confirmation",
                "confirmation", "confirmation"],
            group.Select(run => run.Part)));
        Assert.Empty(Configuration.All.Where(run => !run.IsConfirmation).Select(run => run.Hyper.Seed)
            .Intersect(Configuration.All.Where(run => run.IsConfirmation).Select(run => run.Hyper.Seed)));
        // Fixed by the seed: another draw would be another study.
        Assert.Equal(
            [
                "mlp, mnist 16-32-32 Relu kaiming momentum 0.01 1000",
                "lenet, mnist  Tanh kaiming sgd 0.03 2036",
                "vit, mnist patch 7 width 32 depth 3 Gelu kaiming sgd 0.01 2099",
                "vit, cifar10 patch 8 width 16 depth 2 Relu pytorch sgd 0.003 2119",
            ],
            new[] { 0, 36, 99, 119 }.Select(run => Describe(Configuration.All[run])));
        foreach (var run in Configuration.All)
            Assert.Equal(10, run.Design.For(run.Dataset == "cifar10" ? [3, 32, 32] : [1, 28, 28], 10).Classes);
    }

    private static string Describe(Configuration run) => FormattableString.Invariant(
        $"{run.Group} {run.Sizes} {run.Design.Activation} {run.Design.Initialization} {run.Optimizer} {run.Hyper.LearningRate} ")
        + FormattableString.Invariant($"{run.Hyper.Seed}");

    [Fact]
    public async Task A_study_that_was_ended_goes_on_with_the_runs_that_are_missing()
    {
        var done = new List<int>();
        await Assert.ThrowsAsync<UserException>(() => Study.RunAsync(Rows, null, 2, Work(failAt: 7), _ => { }, default));
        var first = done.ToArray();
        Assert.InRange(first.Length, 7, 8);
        var before = RunFile.Read(Rows);
        Assert.Equal(before.Select(row => row.Run.Number).Distinct().Count(), before.Length / 6);

        var lines = new List<string>();
        await Study.RunAsync(Rows, 3, 1, Work(-1), lines.Add, default);
        Assert.Equal(3, lines.Count);
        var after = RunFile.Read(Rows);
        Assert.Equal(before.Length + 18, after.Length);
        Assert.Empty(before.Where(row => !after.Contains(row, RowComparer)));

        Func<Configuration, CancellationToken, Task<ImmutableArray<RunRow>>> Work(int failAt) => async (run, token) =>
        {
            await Task.Yield();
            int count;
            lock (done)
            {
                done.Add(run.Number);
                count = done.Count;
            }
            if (count == failAt)
                throw new UserException("run broke");
            // Whatever begins beside the one that fails lasts until it is told to end.
            if (failAt > 0 && count > failAt)
                await Task.Delay(Timeout.Infinite, token);
            return Made(run);
        };
    }

    [Fact]
    public async Task Two_studies_do_not_write_into_one_file()
    {
        var nested = Path.Combine(workspace.Root, "new", "runs.csv");
        using (RunFile.Lock(nested))
        {
            var refusal = await Assert.ThrowsAsync<UserException>(() =>
                Study.RunAsync(nested, 1, 1, (run, _) => Task.FromResult(Made(run)), _ => { }, default));
            Assert.StartsWith(
                $"{nested}: is in use by another run, or cannot be written (", refusal.Message, StringComparison.Ordinal);
        }
        Assert.Equal(6, (await Study.RunAsync(nested, 1, 1, (run, _) => Task.FromResult(Made(run)), _ => { }, default)).Length);
        Assert.Equal([nested], Directory.GetFiles(Path.GetDirectoryName(nested)!));
    }

    [Fact]
    public void Rows_are_read_as_they_were_written_and_others_are_refused()
    {
        RunFile.Write(Rows, Made(Configuration.All[7]));
        var text = File.ReadAllText(Rows);
        RunFile.Write(Rows, RunFile.Read(Rows));
        Assert.Equal(text, File.ReadAllText(Rows));

        File.WriteAllText(Rows, text.Replace("7,confirmation", "8,confirmation", StringComparison.Ordinal));
        Assert.Contains("line 2: run 8 has other settings than the study gives it; name another file with --rows",
            Assert.Throws<UserException>(() => RunFile.Read(Rows)).Message, StringComparison.Ordinal);
        File.WriteAllText(Rows, string.Join('\n', text.Split('\n')[..^2]) + "\n");
        Assert.Contains("run 7 does not have epochs 0 to 5, each once",
            Assert.Throws<UserException>(() => RunFile.Read(Rows)).Message, StringComparison.Ordinal);
        File.WriteAllText(Rows, "a,b\n");
        Assert.Contains("runs.csv: line 1 has other columns", Assert.Throws<UserException>(() => RunFile.Read(Rows)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void There_is_no_verdict_before_the_last_run()
    {
        ImmutableArray<RunRow> all = [.. Configuration.All.SelectMany(run => Made(run))];
        Assert.Contains("None yet: a verdict is given when all runs are finished.", PredictionReport.Render(all[6..]),
            StringComparison.Ordinal);
        Assert.Contains("No group has 3 runs yet.", PredictionReport.Render(all[..12]), StringComparison.Ordinal);
        Assert.Contains("Left out, with fewer than 3 runs: mlp, fashion-mnist.",
            PredictionReport.Render([.. all[..18], .. all[60..72]]), StringComparison.Ordinal);
        var whole = PredictionReport.Render(all);
        Assert.Contains("Finished: 120 of 120 runs, 48 of 48 of the confirmation part.", whole, StringComparison.Ordinal);
        // What was made up: E is the final accuracy with some noise, E_w is nothing but noise.
        Assert.Matches(@"\| emergence \|.*\| confirmed \|", whole);
        Assert.Matches(@"\| emergence_wired \|.*\| nothing beyond the loss \|", whole);
        Assert.Contains("## When to stop, exploratory", whole, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rule_stops_where_it_fires_and_costs_what_is_given_up()
    {
        var run = Made(Configuration.All[0]);
        double[] losses = [3, 2, 1, 1.5, 0.5, 0.6], accuracies = [0.1, 0.5, 0.6, 0.7, 0.8, 0.9];
        ImmutableArray<RunRow> rows = [.. run.Select((row, epoch) =>
            With(With(row, "validation_loss", losses[epoch]), "test_accuracy", accuracies[epoch]))];
        Assert.Equal(3, StoppingRules.Stop(rows, "validation loss"));
        // The lowest validation loss is at 4; up to 3 it is at 2.
        Assert.Equal(20, StoppingRules.Cost(rows, 3), 1e-9);
        Assert.Equal(0, StoppingRules.Cost(rows, 5), 1e-9);
        Assert.Equal(1, StoppingRules.Stop([.. rows.Select(row => With(row, "emergence", 100))], "E"));
        Assert.Equal(5, StoppingRules.Stop([.. rows.Select((row, epoch) => With(row, "alive_share", 0.1 * epoch))], "dormancy"));
    }

    private static ImmutableArray<RunRow> Made(Configuration run)
    {
        var random = SplitMix64.ForStream(9, run.Number).Uniform(1, 5);
        var final = 0.5 + 0.3 * random[0];
        return [.. Enumerable.Range(0, Configuration.Epochs + 1).Select(epoch => new RunRow(run, epoch,
            [.. RunRow.Names.Select(name => name switch
            {
                "test_accuracy" => epoch * final / 5,
                "train_loss" => 2 - final + random[1],
                "emergence" => final + 0.1 * random[2] + epoch,
                "emergence_wired" => random[3],
                "emergence_z" => double.NaN,
                _ => random[4] * (epoch + 1),
            })]))];
    }

    private static RunRow With(RunRow row, string name, double value) =>
        row with { Numbers = row.Numbers.SetItem(RunRow.Names.IndexOf(name), value) };

    private static EqualityComparer<RunRow> RowComparer { get; } = EqualityComparer<RunRow>.Create(
        (a, b) => a!.ToCsv() == b!.ToCsv(), row => row.ToCsv().GetHashCode(StringComparison.Ordinal));
}
