using System.Collections.Immutable;

namespace Emergence.Pruning;

/// <summary>
/// The channels that run through a graph. A channel is made of the units that feed it: one unit behind its layer,
/// several where branches were joined. Channels that an operator joins can be cut out only together.
/// </summary>
internal sealed class Signals
{
    /// <summary>A channel that no unit feeds: of the model's input, or of an operator we cannot see through.</summary>
    public const int None = -1;

    private readonly List<Signal> all = [];
    private readonly Dictionary<string, int> known = new(StringComparer.Ordinal);
    private readonly List<int> partner = [];
    private bool[] dead = [];
    private bool[] cut = [];

    private sealed record Signal(ImmutableArray<int> Units, bool IsMixed)
    {
        /// <summary>Why it cannot be cut out; null where it can.</summary>
        public string? Pin { get; set; }

        /// <summary>True where something reads its value that we cannot take the reading weights from.</summary>
        public bool Escapes { get; set; }
    }

    /// <summary>The channels of a layer's units, newly opened.</summary>
    public int[] Open(int count) => [.. Enumerable.Range(0, count).Select(_ => Add([all.Count], false))];

    /// <summary>The channel that an operator makes of two.</summary>
    public int Join(int a, int b)
    {
        if (a == b)
            return a;
        var units = UnitsOf(a).Union(UnitsOf(b)).Order().ToImmutableArray();
        var isMixed = IsMixed(a) || IsMixed(b);
        var key = $"{string.Join(',', units)}{(isMixed ? '+' : ' ')}";
        if (!known.TryGetValue(key, out var joined))
            known[key] = joined = Add(units, isMixed);
        if (isMixed)
            Pin(joined, "it is added to channels of no layer");
        foreach (var part in (int[])[a, b])
        {
            if (part == None)
                continue;
            partner[Root(part)] = Root(joined);
            all[part].Escapes = true;
        }
        return joined;
    }

    /// <summary>Says why a channel cannot be cut out.</summary>
    public void Pin(int signal, string reason)
    {
        if (signal != None)
            all[signal].Pin ??= reason;
    }

    /// <summary>Says that something we cannot change reads a channel, so that it cannot be cut out either.</summary>
    public void Escape(int signal, string reason)
    {
        if (signal == None)
            return;
        Pin(signal, reason);
        all[signal].Escapes = true;
    }

    /// <summary>Decides which channels are dead, and which of them can be cut out, once it is known which units are removed.</summary>
    public void Remove(IReadOnlySet<int> units)
    {
        dead = [.. all.Select(signal => !signal.IsMixed && signal.Units.All(units.Contains))];
        var fixedRoots = Enumerable.Range(0, all.Count).Where(signal => !dead[signal] || all[signal].Pin is not null).Select(Root).ToHashSet();
        cut = [.. Enumerable.Range(0, all.Count).Select(signal => !fixedRoots.Contains(Root(signal)))];
    }

    /// <summary>Every unit that feeds the channel was removed.</summary>
    public bool IsDead(int signal) => signal != None && dead[signal];

    /// <summary>It is dead and leaves the file.</summary>
    public bool IsCut(int signal) => signal != None && cut[signal];

    /// <summary>Why a dead channel stays in the file.</summary>
    public string WhyNotCut(int signal)
    {
        var root = Root(signal);
        return Enumerable.Range(0, all.Count).Where(other => Root(other) == root).Select(other => all[other].Pin).FirstOrDefault(pin => pin is not null)
            ?? "the channels it is added to stay";
    }

    /// <summary>True where a value of the channel, or of one it is joined to, is read by what we cannot change.</summary>
    public bool Escapes(int signal) => all[signal].Escapes;

    /// <summary>The units that feed any of these channels.</summary>
    public HashSet<int> UnitsOf(IEnumerable<int> signals) => [.. signals.SelectMany(signal => UnitsOf(signal))];

    private int Add(ImmutableArray<int> units, bool isMixed)
    {
        all.Add(new Signal(units, isMixed));
        partner.Add(all.Count - 1);
        return all.Count - 1;
    }

    private ImmutableArray<int> UnitsOf(int signal) => signal == None ? [] : all[signal].Units;

    private bool IsMixed(int signal) => signal == None || all[signal].IsMixed;

    private int Root(int signal)
    {
        while (partner[signal] != signal)
            signal = partner[signal] = partner[partner[signal]];
        return signal;
    }
}
