using System.Globalization;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>Where the time of an analysis goes (<c>--verbose</c>), as told by its progress.</summary>
/// <param name="clock">Measures it.</param>
/// <param name="next">Receives the progress too; optional.</param>
internal sealed class PhaseTimes(TimeProvider clock, IProgress<AnalysisProgress>? next) : IProgress<AnalysisProgress>
{
    private const string Reading = "read and trace", Running = "run", Computing = "compute", Writing = "write";

    private static readonly string[] Phases = [Reading, Running, Computing, Writing];

    private readonly Lock gate = new();
    private readonly Dictionary<string, TimeSpan> times = Phases.ToDictionary(phase => phase, _ => TimeSpan.Zero);
    private string phase = Reading;
    private long since = clock.GetTimestamp();

    /// <inheritdoc/>
    public void Report(AnalysisProgress value)
    {
        // A download says nothing of samples: it is part of the reading.
        if (value.Activity is null)
            Enter(value.SamplesTotal == 0 ? Reading : value.SamplesDone < value.SamplesTotal ? Running : Computing);
        next?.Report(value);
    }

    /// <summary>From now on files are written.</summary>
    public void Write() => Enter(Writing);

    /// <summary>Says on stderr where the time went.</summary>
    public void Say(Terminal terminal, int checkpoints)
    {
        Enter(phase);
        var parts = Phases.Select(each =>
            string.Create(CultureInfo.InvariantCulture, $"{each} {times[each].TotalSeconds:0.00} s"));
        terminal.WriteNote(string.Create(CultureInfo.InvariantCulture,
            $"time for {checkpoints} checkpoint{(checkpoints == 1 ? "" : "s")}: {string.Join(", ", parts)}"));
    }

    private void Enter(string now)
    {
        lock (gate)
        {
            times[phase] += clock.GetElapsedTime(since);
            (phase, since) = (now, clock.GetTimestamp());
        }
    }
}
