using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Inference;

public class BatchPlanTests
{
    [Fact]
    public void a_free_batch_takes_what_is_asked_for()
    {
        var plan = BatchPlan.Create(Model([null, 4]).Graph, 10, 3);
        Assert.Null(plan.FixedBatch);
        Assert.Equal([new ProbeSegment(0, 10, 3, null)], plan.Segments);
    }

    [Theory]
    [InlineData(100, 0, "96 4")]
    [InlineData(100, 7, "16 16 16 16 16 16 4")]
    [InlineData(10, 0, "10")]
    [InlineData(40, 40, "32 8")]
    [InlineData(40, int.MaxValue, "32 8")]
    [InlineData(40, int.MaxValue - 15, "32 8")]
    public void runs_hold_whole_groups_and_the_rest_runs_alone(int samples, int requested, string runs)
    {
        var graph = Model([null, 4]).Layer("y", [Batch(), Channel(3)]).Graph;
        var plan = BatchPlan.Create(graph, samples, requested).InGroups(graph);
        Assert.Equal(16, plan.Group);
        Assert.Equal(runs, string.Join(' ', plan.RunsOf(plan.Segments[0]).Select(run => run.Count)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(12, 12)]
    [InlineData(48, 24)]
    [InlineData(37, 1)]
    public void a_fixed_batch_is_cut_into_equal_groups(int batch, int group)
    {
        var graph = Model([batch, 4]).Layer("y", [Batch(batch), Channel(3)]).Graph;
        Assert.Equal(group, BatchPlan.Create(graph, 3 * batch, 0).InGroups(graph).Group);
    }

    [Theory]
    [InlineData(4, 256, 2048)]
    [InlineData(1 << 16, 8, 512)]
    [InlineData(1 << 26, 1, 1)]
    public void a_free_batch_is_chosen_by_the_largest_activation(int width, int size, int onGpu)
    {
        var graph = Model([null, 4]).Layer("wide", [Batch(3), Channel(width)]).Graph;
        Assert.Equal(size, BatchPlan.Create(graph, 10_000, 0).Segments[0].RunSize);
        Assert.Equal(onGpu, BatchPlan.Create(graph, 10_000, 0, budget: RunBudget.Gpu).Segments[0].RunSize);
    }

    [Fact]
    public void a_free_batch_is_no_larger_than_the_input_lets_it_be()
    {
        var graph = Model([null, 3, 1 << 10, 1 << 10]).Layer("narrow", [Batch(3), Channel(2)]).Graph;
        Assert.Equal(1, BatchPlan.Create(graph, 10_000, 0).Segments[0].RunSize);
    }

    [Fact]
    public void the_rest_of_a_fixed_batch_is_padded()
    {
        var plan = BatchPlan.Create(Model([4, 4]).Graph, 10, 0);
        Assert.Equal(4, plan.FixedBatch);
        Assert.Equal([new(0, 8, 4, null), new ProbeSegment(8, 10, 4, 2)], plan.Segments);
        Assert.Equal([new ProbeSegment(0, 8, 4, null)], BatchPlan.Create(Model([4, 4]).Graph, 8, 0).Segments);
        Assert.Equal([new ProbeSegment(0, 3, 4, 3)], BatchPlan.Create(Model([4, 4]).Graph, 3, 0).Segments);
    }

    [Fact]
    public void another_batch_than_the_fixed_one_cannot_be_had_and_a_note_says_so()
    {
        var plan = BatchPlan.Create(Model([4, 4]).Graph, 8, 2);
        Assert.Equal(4, plan.Segments[0].RunSize);
        Assert.Equal("--batch: the model runs 4 at a time, whatever is asked for", Assert.Single(plan.Diagnostics).ToString());
        Assert.Empty(BatchPlan.Create(Model([4, 4]).Graph, 8, 4).Diagnostics);
    }

    [Fact]
    public void an_input_without_batch_axis_takes_one_sample_a_run()
    {
        var graph = Model([null, 4]).Input("scale", [2], batchAxis: -1).Graph;
        Assert.Equal([new ProbeSegment(0, 5, 1, null)], BatchPlan.Create(graph, 5, 0).Segments);
        graph = Model([3, 4]).Input("scale", [2], batchAxis: -1).Graph;
        Assert.Equal([new ProbeSegment(0, 5, 1, 1)], BatchPlan.Create(graph, 5, 0).Segments);
    }

    [Fact]
    public void no_run_holds_samples_of_two_blocks()
    {
        Assert.Equal(
            [new(0, 3, 4, null, 0), new(3, 6, 4, null, 1), new ProbeSegment(6, 10, 4, null, 2)],
            BatchPlan.Create(Model([null, 4]).Graph, 10, 4, blocks: 3).Segments);
        // A fixed batch of 3: blocks of 3, 3 and 4 samples.
        Assert.Equal(
            [new(0, 3, 3, null, 0), new(3, 6, 3, null, 1), new(6, 9, 3, null, 2), new ProbeSegment(9, 10, 3, 1, 2)],
            BatchPlan.Create(Model([3, 4]).Graph, 10, 0, blocks: 3).Segments);
        Assert.Equal(
            [new(0, 3, 8, 3, 0), new(3, 6, 8, 3, 1), new ProbeSegment(6, 10, 8, 4, 2)],
            BatchPlan.Create(Model([8, 4]).Graph, 10, 0, blocks: 3).Segments);
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchPlan.Create(Model([null, 4]).Graph, 2, 0, blocks: 3));
    }

    [Theory]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(1024)]
    [InlineData(2_000_000_000)]
    public void blocks_cover_all_samples_and_differ_by_one_at_most(int samples)
    {
        var segments = BatchPlan.Create(Model([null, 4]).Graph, samples, 0, blocks: 32).Segments;
        Assert.Equal((0, samples), (segments[0].Start, segments[^1].End));
        Assert.All(segments.Zip(segments.Skip(1)), pair => Assert.Equal(pair.First.End, pair.Second.Start));
        Assert.InRange(segments.Max(block => block.End - block.Start) - segments.Min(block => block.End - block.Start), 0, 1);
    }

    [Fact]
    public void inputs_of_different_fixed_batches_are_refused()
    {
        var e = Assert.Throws<UserException>(() => BatchPlan.Create(Model([3, 4]).Input("z", [5, 4]).Graph, 5, 0));
        Assert.Equal(
            "inputs 'x' and 'z': have different fixed batch sizes (3 and 5), so samples cannot be paired; " +
            "export the model with one free batch dimension", e.Message);
    }

    private static TinyModel Model(long?[] shape) => new TinyModel(13).Input("x", shape).Layer("y", [Batch(), Channel(4)]);
}
