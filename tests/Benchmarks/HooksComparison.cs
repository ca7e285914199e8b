using System.Diagnostics;
using System.Globalization;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Benchmarks;

/// <summary>
/// The program against forward hooks in PyTorch, on a series of copies of one file: processor time on one thread, in turn,
/// each at its best batch size. Prints the ratio, median and quartiles, and fails where the two do not count the same nodes.
/// </summary>
internal static class HooksComparison
{
    // A tick of /proc is a hundredth of a second for every program.
    private const double TicksPerSecond = 100;

    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "hooks.py");

    /// <summary>Measures: <c>compare PYTHON PROGRAM PAIRS MNIST_FOLDER SAMPLES COPIES FILE…</c>.</summary>
    /// <returns>The exit code; 0 with a sentence where PyTorch is absent.</returns>
    public static int Run(string[] args)
    {
        var (python, program, mnist) = (args[0], args[1], args[3]);
        int Number(int at) => int.Parse(args[at], CultureInfo.InvariantCulture);
        var (pairs, samples, copies) = (Number(2), Number(4), Number(5));
        if (Failure(python, ["-c", "import torch, onnx, numpy"]) is { } missing)
        {
            Console.WriteLine($"skipped: {python} has no PyTorch and onnx ({missing})");
            return 0;
        }
        Console.WriteLine("| series | hooks / program | quartiles | without imports | batch of the hooks |\n"
            + "| --- | ---: | ---: | ---: | ---: |");
        foreach (var file in args[6..])
        {
            var folder = Directory.CreateTempSubdirectory("emergence-compare-");
            try
            {
                if (!Compare(python, program, pairs, mnist, samples, file, MakeSeries(file, folder.FullName, copies)))
                    return 1;
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }
        return 0;
    }

    private static bool Compare(
        string python, string program, int pairs, string mnist, int samples, string file, string[] series)
    {
        (double Time, string[] Lines) Ours() => Measure(program, [.. series, "--data", "mnist", "--data-dir",
            Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(mnist)))!, "--samples", $"{samples}",
            "--threads", "1", "--format", "csv", "--quiet"]);
        (double Time, string[] Lines) Hooks(int batch) =>
            Measure(python, [Script, mnist, $"{samples}", $"{batch}", .. series]);
        var best = new[] { 64, 256, 1000 }.MinBy(batch => Hooks(batch).Time);
        var (ratios, pure) = (new double[pairs], new double[pairs]);
        for (var i = 0; i < pairs; i++)
        {
            var ours = i % 2 == 0 ? Ours() : default;
            var hooks = Hooks(best);
            ours = i % 2 == 0 ? ours : Ours();
            if (Difference(series.Length, ours.Lines, hooks.Lines) is { } difference)
            {
                Console.Error.WriteLine($"error: {file}: {difference}");
                return false;
            }
            ratios[i] = hooks.Time / ours.Time;
            pure[i] = double.Parse(hooks.Lines[^1], CultureInfo.InvariantCulture) / ours.Time;
        }
        Array.Sort(ratios);
        Array.Sort(pure);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {series.Length} × {Path.GetFileName(file)} | {ratios[pairs / 2]:0.00} | {ratios[pairs / 4]:0.00} to "
            + $"{ratios[pairs * 3 / 4]:0.00} | {pure[pairs / 2]:0.00} | {best} |"));
        return true;
    }

    /// <summary>Where the two count other nodes than borderline ones differently; null where they do not.</summary>
    private static string? Difference(int copies, string[] csv, string[] counts)
    {
        var header = csv[0].Split(',');
        int Column(string row, string name) =>
            int.Parse(row.Split(',')[Array.IndexOf(header, name)], CultureInfo.InvariantCulture);
        for (var i = 0; i < copies; i++)
        {
            var (alive, borderline) = (Column(csv[i + 1], "alive"), Column(csv[i + 1], "borderline"));
            var hooks = int.Parse(counts[i], CultureInfo.InvariantCulture);
            if (Math.Abs(alive - hooks) > borderline)
                return $"the program counts {alive} alive nodes, {borderline} of them borderline, the hooks {hooks}";
        }
        return null;
    }

    /// <summary>Copies with an entry of their own, so that no result serves twice.</summary>
    private static string[] MakeSeries(string file, string folder, int copies)
    {
        var model = ModelFile.Read(file);
        var entry = new StringStringEntryProto { Key = "copy" };
        model.MetadataProps.Add(entry);
        var paths = new string[copies];
        for (var i = 0; i < copies; i++)
        {
            entry.Value = $"{i}";
            paths[i] = Path.Combine(folder, $"copy_{i:00}.onnx");
            ModelFile.Save(model, paths[i]);
        }
        return paths;
    }

    private static (double Time, string[] Lines) Measure(string program, string[] call)
    {
        var before = TimeOfChildren();
        var start = new ProcessStartInfo(program, call) { RedirectStandardOutput = true };
        // Libraries of linear algebra start threads of their own.
        start.Environment["OMP_NUM_THREADS"] = start.Environment["OPENBLAS_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? (TimeOfChildren() - before, output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            : throw new InvalidOperationException($"{program}: exit code {process.ExitCode}");
    }

    private static string? Failure(string program, string[] call)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, call) { RedirectStandardError = true })!;
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : said.Trim().Split('\n')[^1];
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }

    /// <summary>Processor time of the processes that have ended, and of those that they started and waited for.</summary>
    private static double TimeOfChildren()
    {
        var stat = File.ReadAllText("/proc/self/stat");
        // The name in front may hold spaces; cutime and cstime are the 14th and 15th behind it.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture))
            / TicksPerSecond;
    }
}
