using Emergence.CommandLine;
using Emergence.Trainer.Experiments;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Tests.Experiments;

/// <summary>Who does which step where several share them.</summary>
public sealed class StepSharesTests
{
    private static readonly Step[] All =
        [.. StepRunner.InOrder(ExperimentPlan.Of("all", new ExperimentSettings(), [], NetworkKind.LeNet).Steps)];

    [Fact]
    public void Each_step_has_one_owner_who_has_all_it_needs()
    {
        for (var count = 1; count <= 17; count++)
        {
            var shares = Enumerable.Range(1, count).Select(index => Share(index, count)).ToArray();
            Assert.Equal(All.Select(step => step.Place).Order(),
                shares.SelectMany(share => share).Select(step => step.Place).Order());
            foreach (var share in shares)
            {
                var done = new HashSet<string>();
                Assert.All(share, step =>
                {
                    Assert.True(step.Inputs.All(input => done.Contains(input.Place)), step.Place);
                    done.Add(step.Place);
                });
            }
        }
    }

    [Fact]
    public void Shares_are_even()
    {
        var costs = Enumerable.Range(1, 8).Select(index => Share(index, 8).Sum(step => step.Cost)).ToArray();
        Assert.InRange(costs.Max(), 0, 1.2 * costs.Average());
    }

    [Fact]
    public void Of_more_shards_than_runs_some_have_none()
    {
        var settings = new ExperimentSettings().Quick();
        Step[] steps = [.. StepRunner.InOrder(ExperimentPlan.Of("mlp-pruning", settings, [], NetworkKind.LeNet).Steps)];
        int[] counts = [.. Enumerable.Range(1, 3).Select(index =>
            StepShares.Of([.. steps], new Shard(index, 3)).Sum(group => group.Length))];
        Assert.Equal([steps.Length, 0, 0], counts.OrderDescending());
    }

    private static Step[] Share(int index, int count) =>
        [.. StepShares.Of([.. All], new Shard(index, count)).SelectMany(group => group)];
}
