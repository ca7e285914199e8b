using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Emergence.Checkpoints;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Series;

/// <summary>The step number that many trainers write into a file's name, such as <c>Control-499845.onnx</c>.</summary>
internal static partial class FileNameEpochs
{
    /// <summary>
    /// The checkpoints with the numbers of their names as epochs, and a note that says so. As they are, where one records its
    /// epoch, where a name has no such number, and where the names differ in more than it: then the numbers count nothing.
    /// </summary>
    public static ImmutableArray<CheckpointResult> Fill(ImmutableArray<CheckpointResult> checkpoints)
    {
        if (checkpoints.Any(checkpoint => checkpoint.Epoch is not null))
            return checkpoints;
        var names = checkpoints.Select(checkpoint => Read(checkpoint.File)).ToArray();
        if (names.Any(name => name is null) || names.DistinctBy(name => name!.Value.Prefix).Count() > 1
            || names.DistinctBy(name => name!.Value.Epoch).Count() < names.Length)
            return checkpoints;
        return [.. checkpoints.Zip(names, (checkpoint, name) => checkpoint with
        {
            Epoch = name!.Value.Epoch,
            IsEpochOfName = true,
            Diagnostics = checkpoint.Diagnostics.Add(Note),
        })];
    }

    // The same for every checkpoint, so that a series says it once.
    private static Diagnostic Note { get; } = Diagnostic.Note(
        "epoch", "is the step number in the file's name, as nothing is recorded; write emergence.epoch into metadata_props "
        + "to state it");

    /// <summary>The number, and the path in front of it.</summary>
    internal static (int Epoch, string Prefix)? Read(string file)
    {
        var stem = Path.GetFileNameWithoutExtension(file);
        // A word says what a number counts; without one, only the last number can be a step.
        var match = Named().Match(stem) is { Success: true } named ? named : Trailing().Match(stem);
        var digits = match.Groups[1];
        return match.Success && int.TryParse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            ? (epoch, Path.Combine(Path.GetDirectoryName(file) ?? "", stem[..digits.Index]))
            : null;
    }

    [GeneratedRegex(@"(?<![a-z])(?:epoch|step|iteration|iter)[-_=.]?([0-9]{1,10})(?![0-9])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Named();

    [GeneratedRegex(@"[-_.=]([0-9]{1,10})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Trailing();
}
