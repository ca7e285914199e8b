using System.Globalization;

namespace Emergence.Benchmarks;

/// <summary>
/// An epoch of the trainer against the same loop in PyTorch: processor time on one thread, in turn, of what three more epochs
/// take. Prints the ratio, median and range.
/// </summary>
internal static class EpochCost
{
    private const int More = 3;

    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "epoch.py");

    /// <summary>Measures: <c>epoch PYTHON TRAINER PAIRS DATA_FOLDER</c>, the folder one that holds <c>mnist</c>.</summary>
    /// <returns>The exit code; 0 with a sentence where PyTorch is absent.</returns>
    public static int Run(string[] args)
    {
        var (python, trainer, data) = (args[0], args[1], args[3]);
        var pairs = int.Parse(args[2], CultureInfo.InvariantCulture);
        if (ProcessorTime.Failure(python, ["-c", "import torch, numpy"]) is { } missing)
        {
            Console.WriteLine($"skipped: {python} has no PyTorch ({missing})");
            return 0;
        }
        var folder = Directory.CreateTempSubdirectory("emergence-epoch-");
        double Trainer(int epochs) => ProcessorTime.Of(trainer, "train", "--dataset", "mnist", "--data-dir", data, "--epochs",
            $"{epochs}", "--threads", "1", "--quiet", "--out", Path.Combine(folder.FullName, $"{Guid.NewGuid()}")).Time;
        double PyTorch(int epochs) => ProcessorTime.Of(python, Script, Path.Combine(data, "mnist"), $"{epochs}").Time;
        static double Epoch(Func<int, double> run) => (run(1 + More) - run(1)) / More;
        try
        {
            var (ratios, seconds) = (new double[pairs], new double[pairs]);
            for (var i = 0; i < pairs; i++)
            {
                var ours = i % 2 == 0 ? Epoch(Trainer) : 0;
                var theirs = Epoch(PyTorch);
                seconds[i] = i % 2 == 0 ? ours : Epoch(Trainer);
                ratios[i] = seconds[i] / theirs;
            }
            Array.Sort(ratios);
            Array.Sort(seconds);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"an epoch takes {seconds[pairs / 2]:0.00} s; trainer / PyTorch {ratios[pairs / 2]:0.00}, {ratios[0]:0.00} to "
                + $"{ratios[^1]:0.00}"));
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
