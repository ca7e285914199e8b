using System.Collections.Immutable;
using Emergence.Analyzer.Sharding;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Tests.Sharding;

/// <summary>What a scheduler says of its tasks, and what is refused as unclear.</summary>
public sealed class ArrayTaskTests
{
    [Theory]
    // --array=1-8, 0-7, 10-45:5 and 0-6:3.
    [InlineData("SLURM_ARRAY_TASK_ID=1 COUNT=8 MIN=1 MAX=8 STEP=1", "1/8")]
    [InlineData("SLURM_ARRAY_TASK_ID=8 COUNT=8 MIN=1 MAX=8 STEP=1", "8/8")]
    [InlineData("SLURM_ARRAY_TASK_ID=0 COUNT=8 MIN=0 MAX=7 STEP=1", "1/8")]
    [InlineData("SLURM_ARRAY_TASK_ID=7 COUNT=8 MIN=0 MAX=7 STEP=1", "8/8")]
    [InlineData("SLURM_ARRAY_TASK_ID=45 COUNT=8 MIN=10 MAX=45 STEP=5", "8/8")]
    [InlineData("SLURM_ARRAY_TASK_ID=3 COUNT=3 MIN=0 STEP=3", "2/3")]
    [InlineData("AWS_BATCH_JOB_ARRAY_INDEX=0 AWS_BATCH_JOB_ARRAY_SIZE=3", "1/3")]
    [InlineData("AWS_BATCH_JOB_ARRAY_INDEX=2 AWS_BATCH_JOB_ARRAY_SIZE=3", "3/3")]
    [InlineData("CI_NODE_INDEX=1 CI_NODE_TOTAL=4", "1/4")]
    [InlineData("CI_NODE_INDEX=4 CI_NODE_TOTAL=4", "4/4")]
    // GitLab sets the total in every job, alone.
    [InlineData("AWS_BATCH_JOB_ARRAY_INDEX=1 AWS_BATCH_JOB_ARRAY_SIZE=3 CI_NODE_TOTAL=1", "2/3")]
    [InlineData("JOB_COMPLETION_INDEX= CI_NODE_INDEX=2 CI_NODE_TOTAL=2", "2/2")]
    public void each_scheduler_counts_in_its_own_way(string environment, string expected) =>
        Assert.Equal(expected, ArrayTask.Of(Environment(environment), total: null).ToString());

    [Theory]
    [InlineData("JOB_COMPLETION_INDEX=0", 4, "1/4")]
    [InlineData("JOB_COMPLETION_INDEX=3", 4, "4/4")]
    [InlineData("AWS_BATCH_JOB_ARRAY_INDEX=1", 4, "2/4")]
    [InlineData("CI_NODE_INDEX=1 CI_NODE_TOTAL=4", 4, "1/4")]
    [InlineData("SLURM_ARRAY_TASK_ID=5 COUNT=1 MIN=5 MAX=5 STEP=1", 1, "1/1")]
    [InlineData("SLURM_ARRAY_TASK_ID=2 COUNT=2 MIN=1 MAX=2 STEP=1", 2, "2/2")]
    public void a_total_may_be_given(string environment, int total, string expected) =>
        Assert.Equal(expected, ArrayTask.Of(Environment(environment), total).ToString());

    [Theory]
    [InlineData("", null, "SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX, CI_NODE_INDEX are not set")]
    [InlineData("CI_NODE_TOTAL=4", null, "no scheduler says")]
    [InlineData("JOB_COMPLETION_INDEX=0", null, "does not say of how many tasks; write --shard auto/N")]
    [InlineData("JOB_COMPLETION_INDEX=4", 4, "count from 0 to 3")]
    [InlineData("CI_NODE_INDEX=0 CI_NODE_TOTAL=4", null, "count from 1 to 4")]
    [InlineData("CI_NODE_INDEX=5 CI_NODE_TOTAL=4", null, "count from 1 to 4")]
    [InlineData("CI_NODE_INDEX=1", null, "CI_NODE_TOTAL is not set")]
    [InlineData("CI_NODE_INDEX=1 CI_NODE_TOTAL=0", null, "CI_NODE_INDEX is 1")]
    [InlineData("CI_NODE_INDEX=1 CI_NODE_TOTAL=4", 5, "says 5 shards where CI_NODE_TOTAL is 4")]
    [InlineData("AWS_BATCH_JOB_ARRAY_INDEX=1", null, "AWS_BATCH_JOB_ARRAY_SIZE is not set")]
    [InlineData("AWS_BATCH_JOB_ARRAY_INDEX=one AWS_BATCH_JOB_ARRAY_SIZE=3", null, "is 'one', which is not a whole number")]
    [InlineData("AWS_BATCH_JOB_ARRAY_INDEX=-1 AWS_BATCH_JOB_ARRAY_SIZE=3", null, "is '-1', which is not a whole number")]
    [InlineData("JOB_COMPLETION_INDEX=0 CI_NODE_INDEX=1 CI_NODE_TOTAL=4", 4, "JOB_COMPLETION_INDEX and CI_NODE_INDEX are set")]
    [InlineData("SLURM_ARRAY_TASK_ID=1 COUNT=8 MIN=1 MAX=8 STEP=1 CI_NODE_INDEX=1", null, "so two schedulers say")]
    [InlineData("SLURM_ARRAY_TASK_ID=1", null, "SLURM_ARRAY_TASK_COUNT is not set")]
    [InlineData("SLURM_ARRAY_TASK_ID=1 COUNT=8 STEP=1", null, "SLURM_ARRAY_TASK_MIN is not set")]
    [InlineData("SLURM_ARRAY_TASK_ID=1 COUNT=8 MIN=1", null, "SLURM_ARRAY_TASK_STEP is not set")]
    // --array=1,4,9 has no step; --array=3 is a task submitted again.
    [InlineData("SLURM_ARRAY_TASK_ID=4 COUNT=3 MIN=1 MAX=9 STEP=1", null, "does not fit 3 tasks that begin at 1 with a step")]
    [InlineData("SLURM_ARRAY_TASK_ID=1 COUNT=3 MIN=1 MAX=9 STEP=1", null, "does not fit 3 tasks")]
    [InlineData("SLURM_ARRAY_TASK_ID=3 COUNT=1 MIN=3 MAX=3 STEP=1", null, "the array has one task")]
    [InlineData("SLURM_ARRAY_TASK_ID=4 COUNT=3 MIN=1 STEP=2", null, "does not fit 3 tasks")]
    [InlineData("SLURM_ARRAY_TASK_ID=9 COUNT=3 MIN=1 STEP=2", null, "does not fit 3 tasks")]
    [InlineData("SLURM_ARRAY_TASK_ID=0 COUNT=3 MIN=1 STEP=1", null, "does not fit 3 tasks")]
    [InlineData("SLURM_ARRAY_TASK_ID=1 COUNT=3 MIN=1 STEP=0", null, "does not fit 3 tasks")]
    [InlineData("SLURM_ARRAY_TASK_ID=2 COUNT=2 MIN=1 MAX=2 STEP=1", 8, "says 8 shards where SLURM_ARRAY_TASK_COUNT is 2")]
    public void what_is_unclear_is_refused(string environment, int? total, string finding)
    {
        var message = Assert.Throws<UsageException>(() => ArrayTask.Of(Environment(environment), total)).Message;
        Assert.StartsWith("--shard auto: ", message, StringComparison.Ordinal);
        Assert.Contains(finding, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1/1")]
    [InlineData("17/17")]
    [InlineData("3/1k", "3/1000")]
    public void a_shard_is_written_as_one_of_how_many(string text, string? shown = null) =>
        Assert.Equal(shown ?? text, Shard.Parse(text).ToString());

    [Theory]
    [InlineData("0/4")]
    [InlineData("5/4")]
    [InlineData("-1/4")]
    [InlineData("1/0")]
    [InlineData("1")]
    [InlineData("1/2/3")]
    [InlineData("1.5/4")]
    [InlineData("a/b")]
    [InlineData("")]
    public void what_is_no_shard_is_refused(string text) => Assert.Throws<FormatException>(() => Shard.Parse(text));

    private static Func<string, string?> Environment(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('='))
        .ToImmutableDictionary(
            pair => pair[0] is "COUNT" or "MIN" or "MAX" or "STEP" ? $"SLURM_ARRAY_TASK_{pair[0]}" : pair[0], pair => pair[1])
        .GetValueOrDefault;
}
