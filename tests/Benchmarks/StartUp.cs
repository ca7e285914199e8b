using System.Diagnostics;
using System.Globalization;

namespace Emergence.Benchmarks;

/// <summary>
/// What it takes to start: <c>--version</c> of the program against a .NET program that does nothing, which is made for it, in
/// turn. Prints the ratio of waiting times, median and quartiles.
/// </summary>
internal static class StartUp
{
    private const string Project =
        """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
          </PropertyGroup>
        </Project>
        """;
    private const string Source =
        """
        internal static class Program
        {
            private static void Main()
            {
            }
        }
        """;

    /// <summary>Measures: <c>start PROGRAM PAIRS</c>.</summary>
    /// <returns>0; 1 where the empty program could not be made.</returns>
    public static int Run(string[] args)
    {
        var (program, pairs) = (args[0], int.Parse(args[1], CultureInfo.InvariantCulture));
        var folder = Directory.CreateTempSubdirectory("emergence-empty-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "empty.csproj"), Project);
            File.WriteAllText(Path.Combine(folder.FullName, "Program.cs"), Source);
            var built = Path.Combine(folder.FullName, "out");
            string[] build = ["build", folder.FullName, "-c", "Release", "-v", "q", "-o", built];
            if (ProcessorTime.Failure("dotnet", build) is { } failure)
            {
                Console.Error.WriteLine($"error: the empty program does not build: {failure}");
                return 1;
            }
            var ratios = Ratios(program, Path.Combine(built, "empty"), pairs);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"--version / empty program: {ratios[pairs / 2]:0.00}, "
                + $"quartiles {ratios[pairs / 4]:0.00} to {ratios[pairs * 3 / 4]:0.00}"));
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double[] Ratios(string program, string empty, int pairs)
    {
        // Files are read from the disk only once.
        Time(program, "--version");
        Time(empty);
        var ratios = new double[pairs];
        for (var i = 0; i < pairs; i++)
        {
            var first = i % 2 == 0 ? Time(program, "--version") : default;
            var nothing = Time(empty);
            ratios[i] = (i % 2 == 0 ? first : Time(program, "--version")) / nothing;
        }
        Array.Sort(ratios);
        return ratios;
    }

    private static TimeSpan Time(string program, params string[] call)
    {
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(program, call) { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return Stopwatch.GetElapsedTime(started);
    }
}
