using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Cli;

/// <summary>A file to write.</summary>
/// <param name="Source">The checkpoint it is made of.</param>
/// <param name="Amount">How much of it is pruned.</param>
/// <param name="Output">Where it is written.</param>
internal sealed record PruneFile(string Source, double Amount, string Output);

/// <summary>Decides where pruned models are written, before any of them is.</summary>
internal static class PruneFiles
{
    /// <summary>One file for each checkpoint and amount.</summary>
    /// <exception cref="UsageException">Two would be the same, or one would replace a model that is read.</exception>
    public static ImmutableArray<PruneFile> Plan(ImmutableArray<string> sources, ImmutableArray<double> amounts, string output,
        bool force, bool isDead = false)
    {
        var isSingle = sources.Length * amounts.Length == 1;
        if (!isSingle && (File.Exists(output) || output.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)))
            throw new UsageException(
                $"--out {output}: is one file for {sources.Length * amounts.Length} pruned models; name a directory");
        var isDirectory = !isSingle || Directory.Exists(output) || Path.EndsInDirectorySeparator(output);
        ImmutableArray<PruneFile> files =
        [
            .. from source in sources
               from amount in amounts
               select new PruneFile(source, amount,
                   isDirectory ? Path.Combine(output,
                   isDead ? $"{Path.GetFileNameWithoutExtension(source)}.pruned-dead.onnx" : NameOf(source, amount)) : output),
        ];
        if (files.GroupBy(file => file.Output, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(group => group.Count() > 1) is { } same)
        {
            var both = string.Join(" and ", same.Select(file => $"{file.Source} at {Percent(file.Amount)} %").Take(2));
            throw new UsageException($"--out {output}: {both} would both be {same.Key}; prune them in two calls");
        }
        var inputs = sources.Select(Path.GetFullPath).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (!force && files.FirstOrDefault(file => inputs.Contains(Path.GetFullPath(file.Output))) is { } onto)
            throw new UsageException(
                $"--out {onto.Output}: is a model that is read; name another file, or replace it with --force");
        return files;
    }

    /// <summary><c>model.onnx</c> at 0.125 becomes <c>model.pruned-12.5.onnx</c>.</summary>
    private static string NameOf(string source, double amount) =>
        $"{Path.GetFileNameWithoutExtension(source)}.pruned-{Percent(amount)}.onnx";

    private static string Percent(double amount) =>
        ((decimal)amount * 100).ToString("0.############################", CultureInfo.InvariantCulture);
}
