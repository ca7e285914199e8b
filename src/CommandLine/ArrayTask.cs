using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;

namespace Emergence.CommandLine;

/// <summary>Which part of a series is this process's, as the scheduler that started it says in its environment.</summary>
public static class ArrayTask
{
    /// <summary>A scheduler that counts its tasks without gaps.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Index">The variable that says which task this is.</param>
    /// <param name="Count">The variable that says how many there are; null where none does.</param>
    /// <param name="First">The index of the first task.</param>
    private sealed record Plain(string Name, string Index, string? Count, int First);

    private const string SlurmIndex = "SLURM_ARRAY_TASK_ID";
    private const string SlurmCount = "SLURM_ARRAY_TASK_COUNT";

    private static readonly ImmutableArray<Plain> Others =
    [
        new("Kubernetes", "JOB_COMPLETION_INDEX", null, 0),
        new("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", 0),
        new("CI", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    ];

    /// <summary>The variables that say which task this is, one for each scheduler.</summary>
    public static ImmutableArray<string> Variables => [SlurmIndex, .. Others.Select(other => other.Index)];

    /// <summary>The part of this task.</summary>
    /// <param name="variable">The environment.</param>
    /// <param name="total">How many parts there are, where the user said so.</param>
    /// <param name="option">The option that asks.</param>
    /// <exception cref="UsageException">No scheduler or several say which task this is, none says of how many, or what they say
    /// does not fit together.</exception>
    public static Shard Of(Func<string, string?> variable, int? total, string option = "--shard")
    {
        ArgumentNullException.ThrowIfNull(variable);
        return new Reader(variable, total, option).Read();
    }

    /// <summary>Reads the environment.</summary>
    private sealed class Reader(Func<string, string?> variable, int? total, string option)
    {
        public Shard Read()
        {
            string[] set = [.. Variables.Where(name => !string.IsNullOrEmpty(variable(name)))];
            return set switch
            {
                [] => throw Unclear($"no scheduler says which task this is ({string.Join(", ", Variables)} are not set); submit "
                    + $"an array, or write {option} i/N"),
                [SlurmIndex] => OfSlurm(),
                [var one] => Of(Others.Single(other => other.Index == one)),
                _ => throw Unclear(
                    $"{string.Join(" and ", set)} are set, so two schedulers say which task this is; write {option} i/N"),
            };
        }

        private Shard Of(Plain scheduler)
        {
            var index = Number(scheduler.Index);
            var count = scheduler.Count is null || (total is not null && string.IsNullOrEmpty(variable(scheduler.Count)))
                ? null : (int?)Number(scheduler.Count);
            if (total is not null && count is not null && total != count)
                throw Unclear($"says {total} shards where {scheduler.Count} is {count}; leave out the number");
            var shards = total ?? count ?? throw Unclear(
                $"{scheduler.Index} is {index}, but {scheduler.Name} does not say of how many tasks; write {option} auto/N, "
                + "with N the number of tasks");
            return index >= scheduler.First && index - scheduler.First < shards
                ? new Shard(index - scheduler.First + 1, shards)
                : throw Unclear($"{scheduler.Index} is {index}, where {shards} tasks count from {scheduler.First} to "
                    + $"{shards - 1 + scheduler.First}; write {option} i/N");
        }

        /// <summary>Slurm's tasks have any first number and any step; a list with gaps of several sizes is refused.</summary>
        private Shard OfSlurm()
        {
            const string Least = "SLURM_ARRAY_TASK_MIN", Most = "SLURM_ARRAY_TASK_MAX", Between = "SLURM_ARRAY_TASK_STEP";
            var (index, count) = (Number(SlurmIndex), Number(SlurmCount));
            var (first, step) = (Number(Least), Number(Between));
            if (total is not null && total != count)
                throw Unclear($"says {total} shards where {SlurmCount} is {count}; write {option} i/{total}, with i the shard");
            // A task that is submitted again by itself is an array of one: not the whole series.
            if (count == 1 && total is null)
                throw Unclear($"{SlurmCount} is 1: the array has one task, which may be one of a larger array submitted again; "
                    + $"write {option} i/N, or {option} auto/1 if it is the whole");
            var last = first + ((long)step * (count - 1));
            var isEven = step >= 1 && count >= 1 && index >= first && index <= last && (index - first) % step == 0
                && (string.IsNullOrEmpty(variable(Most)) || Number(Most) == last);
            return isEven
                ? new Shard(((index - first) / step) + 1, count)
                : throw Unclear($"{SlurmIndex} is {index}, which does not fit {count} tasks that begin at {first} with a step "
                    + $"of {step}, as {SlurmCount}, {Least}, {Most} and {Between} say; submit an array such as --array=1-8, or "
                    + $"write {option} i/N");
        }

        private int Number(string name) => variable(name) switch
        {
            null or "" => throw Unclear($"{name} is not set; write {option} i/N"),
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
            var text => throw Unclear($"{name} is '{text}', which is not a whole number; write {option} i/N"),
        };

        private UsageException Unclear(string finding) => new($"{option} auto: {finding}");
    }
}
