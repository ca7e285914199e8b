using System.Globalization;

namespace Emergence.Benchmarks;

/// <summary>How memory grows with the samples: the same call with few and with many, in turn, and their peaks.</summary>
internal static class SamplesGrowth
{
    /// <summary>Measures: <c>samples PROGRAM FEW MANY PAIRS ARGUMENT…</c>, arguments as of a call of the program.</summary>
    /// <returns>0; 1 where a call failed.</returns>
    public static int Run(string[] args)
    {
        var (program, few, many, call) = (args[0], args[1], args[2], args[4..]);
        var pairs = int.Parse(args[3], CultureInfo.InvariantCulture);
        var (low, high) = (new double[pairs], new double[pairs]);
        for (var i = 0; i < pairs; i++)
        {
            var isFailed = false;
            double Peak(string samples)
            {
                var (code, peak, _, _) = PeakMemory.Of(program, [.. call, "--samples", samples]);
                isFailed |= code != 0;
                return peak / (double)(1 << 20);
            }
            low[i] = Peak(few);
            high[i] = Peak(many);
            if (isFailed)
            {
                Console.Error.WriteLine("error: the call failed");
                return 1;
            }
        }
        Array.Sort(low);
        Array.Sort(high);
        var (a, b) = (low[pairs / 2], high[pairs / 2]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"peak with {few} samples {a:0} MiB ({low[0]:0} to {low[^1]:0}), with {many} {b:0} MiB ({high[0]:0} to "
            + $"{high[^1]:0}): {b / a:0.00} times"));
        return 0;
    }
}
