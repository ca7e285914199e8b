using Emergence.Analyzer.Series;
using Emergence.Analyzer.Sharding;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Sharding;

/// <summary>A series is split without gaps, evenly by what its checkpoints cost, and by every shard in the same way.</summary>
public sealed class ShardPlanTests
{
    [Theory]
    [InlineData(new long[] { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, 4, new[] { 0, 2, 5, 7, 10 })]
    [InlineData(new long[] { 1, 1, 100, 1, 1 }, 3, new[] { 0, 2, 3, 5 })]
    [InlineData(new long[] { 100, 60, 60 }, 2, new[] { 0, 1, 3 })]
    [InlineData(new long[] { 5, 5 }, 1, new[] { 0, 2 })]
    [InlineData(new long[] { 7, 7 }, 4, new[] { 0, 0, 1, 1, 2 })]
    public void examples(long[] costs, int shards, int[] expected) => Assert.Equal(expected, ShardPlan.Starts(costs, shards));

    [Fact]
    public void every_checkpoint_is_in_one_shard_and_none_costs_more_than_its_part_and_one_checkpoint()
    {
        var random = new Random(1);
        for (var i = 0; i < 2000; i++)
        {
            var (count, shards, largest) = (random.Next(1, 60), random.Next(1, 40), random.NextInt64(1, long.MaxValue / 100));
            long[] costs = [.. Enumerable.Range(0, count).Select(_ => i % 2 == 0 ? largest : random.NextInt64(1, largest + 1))];
            var starts = ShardPlan.Starts(costs, shards);
            Assert.Equal((0, count, shards + 1), (starts[0], starts[^1], starts.Length));
            Assert.Equal(starts.Order(), starts);
            var even = costs.Aggregate(Int128.Zero, (sum, cost) => sum + cost) / shards;
            Assert.All(starts.Zip(starts[1..]), part => Assert.True(
                costs[part.First..part.Second].Aggregate(Int128.Zero, (sum, cost) => sum + cost) <= even + costs.Max() + 1));
            if (i % 2 == 0)
            {
                int[] sizes = [.. starts.Zip(starts[1..], (from, end) => end - from)];
                Assert.True(sizes.Max() - sizes.Min() <= 1);
            }
        }
    }

    [Fact]
    public void a_cost_grows_with_weights_wherever_they_are_and_with_operators()
    {
        var models = Path.Combine(SharedFiles.Repository, "models");
        var small = CheckpointCost.Of(Path.Combine(models, "tiny", "chain-2-3-2.onnx"));
        var large = CheckpointCost.Of(Path.Combine(models, "digits-mlp", "ckpt_000.onnx"));
        Assert.True(large - small > new FileInfo(Path.Combine(models, "digits-mlp", "ckpt_000.onnx")).Length / 2);
        using var folder = new TemporaryFolder();
        var (inside, outside) = (folder.Path("inside.onnx"), folder.Path("outside.onnx"));
        ModelFile.Save(TinyModels.Dense(), inside);
        ModelFile.Save(TinyModels.External("w.bin"), outside);
        folder.Write("w.bin", new byte[5000]);
        Assert.InRange(CheckpointCost.Of(outside) - CheckpointCost.Of(inside), 4900, 5200);
    }

    [Fact]
    public void a_damaged_file_has_a_cost()
    {
        using var folder = new TemporaryFolder();
        Assert.True(CheckpointCost.Of(folder.Write("damaged.onnx", 58, 255, 255)) > 0);
        Assert.True(CheckpointCost.Of(folder.Write("empty.onnx")) > 0);
        Assert.True(CheckpointCost.Of(folder.Path("none.onnx")) > 0);
    }

    [Fact]
    public void the_plan_tells_other_names_and_other_sizes_apart()
    {
        using var folder = new TemporaryFolder();
        string[] files = [folder.Write("a.onnx", 1, 2, 3), folder.Write("b.onnx", 1, 2, 3)];
        var plan = ShardPlan.Of([.. files], new Shard(1, 2));
        Assert.Equal((2, 0, 1), (plan.Checkpoints, plan.First, plan.Count));
        Assert.NotEqual(plan.Names, ShardPlan.Of([files[1], files[0]], new Shard(1, 2)).Names);
        folder.Write("b.onnx", 1, 2, 3, 4);
        var changed = ShardPlan.Of([.. files], new Shard(1, 2));
        Assert.Equal(plan.Names, changed.Names);
        Assert.NotEqual(plan.Costs, changed.Costs);
    }
}
