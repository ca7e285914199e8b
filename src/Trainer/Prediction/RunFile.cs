using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Prediction;

/// <summary>The file of the study: the rows of all finished runs, in order of the runs.</summary>
internal static class RunFile
{
    /// <summary>The rows in a file; none where it does not exist.</summary>
    /// <exception cref="UserException">It cannot be read, is of another study, or lacks rows of a run.</exception>
    public static ImmutableArray<RunRow> Read(string path)
    {
        if (!File.Exists(path))
            return [];
        try
        {
            var lines = File.ReadAllLines(path);
            if (lines is not [var header, ..] || header != RunRow.Header)
                throw new FormatException("line 1 has other columns than this version writes");
            var rows = lines.Skip(1).Select(Parse).ToImmutableArray();
            foreach (var run in rows.GroupBy(row => row.Run))
            {
                if (!run.Select(row => row.Epoch).SequenceEqual(Enumerable.Range(0, Configuration.Epochs + 1)))
                    throw new FormatException(
                        $"run {run.Key.Number} does not have epochs 0 to {Configuration.Epochs}, each once");
            }
            return rows;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new UserException($"{path}: {e.Message}; name another file with --rows", e);
        }
    }

    private static RunRow Parse(string line, int index)
    {
        try
        {
            return RunRow.Parse(line);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new FormatException($"line {(index + 2).ToString(CultureInfo.InvariantCulture)}: {e.Message}", e);
        }
    }

    /// <summary>Writes all rows, whole or not at all.</summary>
    /// <exception cref="UserException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<RunRow> rows) => AtomicFile.WriteText(path, string.Concat(
        rows.OrderBy(row => row.Run.Number).ThenBy(row => row.Epoch).Select(row => row.ToCsv()).Prepend(RunRow.Header)
            .Select(line => line + "\n")));

    /// <summary>Keeps other processes from the file until it is disposed of: two would drop the rows of each other.</summary>
    /// <exception cref="UserException">It is in use, or its folder cannot be written.</exception>
    public static IDisposable Lock(string path) => WorkLock.Take(path + ".lock", path, "another file with --rows");
}
