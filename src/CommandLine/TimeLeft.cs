using System.Globalization;

namespace Emergence.CommandLine;

/// <summary>How long work will take, from how long a part of it took.</summary>
public static class TimeLeft
{
    // What is done by then needs no promise.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    // Less says nothing of the rest.
    private const double LeastShare = 0.01;

    /// <summary>The ending of a line of progress, as <c>, about 3 min left</c>; empty where it is too early to tell.</summary>
    /// <param name="elapsed">Since the work began.</param>
    /// <param name="share">What is done of it, from 0 to 1.</param>
    public static string After(TimeSpan elapsed, double share) => elapsed < Soon || share is not (>= LeastShare and < 1)
        ? ""
        : $", about {Of(elapsed * ((1 - share) / share))} left";

    /// <summary>A time in seconds, minutes or hours.</summary>
    public static string Of(TimeSpan time) => time < TimeSpan.FromMinutes(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, time.TotalSeconds):0} s")
        : time < TimeSpan.FromHours(1.5)
            ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalMinutes):0} min")
            : string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0.0} h");
}
