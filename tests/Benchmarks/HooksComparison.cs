using System.Globalization;
using System.Text.Json;

namespace Emergence.Benchmarks;

/// <summary>
/// The program against forward hooks in PyTorch, and against a C# program that only runs the models, on a series of copies of one
/// file: processor time on one thread, in turn, each at its best batch size. Prints the ratios, median and range; fails where
/// program and hooks do not count the same nodes of a layer.
/// </summary>
internal static class HooksComparison
{
    private static readonly int[] Batches = [64, 256, 1000];
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "hooks.py");

    /// <summary>Measures: <c>compare PYTHON PROGRAM PAIRS MNIST_FOLDER SAMPLES COPIES FILE…</c>.</summary>
    /// <returns>The exit code; 0 with a sentence where PyTorch is absent.</returns>
    public static int Run(string[] args)
    {
        var (python, program, mnist) = (args[0], args[1], args[3]);
        int Number(int at) => int.Parse(args[at], CultureInfo.InvariantCulture);
        var (pairs, samples, copies) = (Number(2), Number(4), Number(5));
        if (ProcessorTime.Failure(python, ["-c", "import torch, onnx, numpy"]) is { } missing)
        {
            Console.WriteLine($"skipped: {python} has no PyTorch and onnx ({missing})");
            return 0;
        }
        Console.WriteLine("| series | hooks / program | range | without imports | batch of the hooks | "
            + "program / plain C# | range | batch of it |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var file in args[6..])
        {
            using var series = new CopiedSeries(file, copies);
            if (!Compare(python, program, pairs, mnist, samples, file, series.Paths))
                return 1;
        }
        return 0;
    }

    private static bool Compare(
        string python, string program, int pairs, string mnist, int samples, string file, string[] series)
    {
        (double Time, string[] Lines) Ours() => ProcessorTime.Of(program, [.. series, "--data", "mnist", "--data-dir",
            Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(mnist)))!, "--samples", $"{samples}",
            // Hooks feed the bytes as they are stored.
            "--scale", "1", "--mean", "0", "--std", "1", "--threads", "1", "--format", "json", "--quiet"]);
        (double Time, string[] Lines) Hooks(int batch) =>
            ProcessorTime.Of(python, [Script, mnist, $"{samples}", $"{batch}", .. series]);
        double Plain(int batch) =>
            ProcessorTime.Of(Environment.ProcessPath!, ["plain", mnist, $"{samples}", $"{batch}", .. series]).Time;
        var best = Batches.MinBy(batch => Hooks(batch).Time);
        var bestPlain = Batches.MinBy(Plain);
        var (ratios, pure, plain) = (new double[pairs], new double[pairs], new double[pairs]);
        for (var i = 0; i < pairs; i++)
        {
            var ours = i % 2 == 0 ? Ours() : default;
            var hooks = Hooks(best);
            ours = i % 2 == 0 ? ours : Ours();
            if (Difference(string.Concat(ours.Lines), hooks.Lines) is { } difference)
            {
                Console.Error.WriteLine($"error: {file}: {difference}");
                return false;
            }
            ratios[i] = hooks.Time / ours.Time;
            plain[i] = ours.Time / Plain(bestPlain);
            pure[i] = double.Parse(hooks.Lines[^1], CultureInfo.InvariantCulture) / ours.Time;
        }
        Array.Sort(ratios);
        Array.Sort(pure);
        Array.Sort(plain);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {series.Length} × {Path.GetFileName(file)} | {ratios[pairs / 2]:0.00} | {ratios[0]:0.00} to {ratios[^1]:0.00} | "
            + $"{pure[pairs / 2]:0.00} | {best} | {plain[pairs / 2]:0.00} | {plain[0]:0.00} to {plain[^1]:0.00} | "
            + $"{bestPlain} |"));
        return true;
    }

    /// <summary>Where the two count other nodes of a layer than borderline ones differently; null where they do not.</summary>
    private static string? Difference(string json, string[] counts)
    {
        using var results = JsonDocument.Parse(json);
        foreach (var (i, checkpoint) in results.RootElement.GetProperty("checkpoints").EnumerateArray().Index())
        {
            var hooks = counts[i].Split(' ');
            var layers = checkpoint.GetProperty("measurements")[0].GetProperty("layers");
            if (hooks.Length != layers.GetArrayLength())
                return $"the program has {layers.GetArrayLength()} layers, the hooks {hooks.Length}";
            foreach (var (at, layer) in layers.EnumerateArray().Index())
            {
                var (alive, borderline) = (layer.GetProperty("alive").GetInt32(), layer.GetProperty("borderline").GetInt32());
                if (Math.Abs(alive - int.Parse(hooks[at], CultureInfo.InvariantCulture)) > borderline)
                    return $"layer {at}: the program counts {alive} alive nodes, {borderline} borderline, the hooks {hooks[at]}";
            }
        }
        return null;
    }
}
