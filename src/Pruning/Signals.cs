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
    private readonly List<int[][]> balanced = [];
    private readonly List<int[]> axes = [];
    private readonly HashSet<Remnant> remnants = [];
    private bool[] dead = [];
    private bool[] cut = [];

    private sealed record Signal(ImmutableArray<int> Units, bool IsMixed)
    {
        /// <summary>Why it cannot be cut out; null where it can.</summary>
        public string? Pin { get; set; }
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
            Pin(joined, "it is joined to channels of no layer");
        foreach (var part in (int[])[a, b])
        {
            if (part != None)
                partner[Root(part)] = Root(joined);
        }
        return joined;
    }

    /// <summary>Says why a channel cannot be cut out.</summary>
    public void Pin(int signal, string reason)
    {
        if (signal != None)
            all[signal].Pin ??= reason;
    }

    /// <summary>Says that groups of channels must stay equally many: those of a grouped convolution.</summary>
    public void Balance(int[][] groups)
    {
        if (groups.Length > 1)
            balanced.Add(groups);
    }

    /// <summary>Says that one channel of an axis must stay.</summary>
    public void KeepOne(int[] axis) => axes.Add(axis);

    /// <summary>Says that something other than zero is left of a removed channel where it is read.</summary>
    public void Leave(Remnant remnant)
    {
        if (remnant.Signal != None && remnant.Signal != remnant.Into)
            remnants.Add(remnant);
    }

    /// <summary>Decides which channels are dead, and which of them can be cut out, once it is known which
    /// units are removed.</summary>
    public void Remove(IReadOnlySet<int> units)
    {
        dead = [.. all.Select(signal => !signal.IsMixed && signal.Units.All(units.Contains))];
        var stays = Enumerable.Range(0, all.Count)
            .Where(signal => !dead[signal] || all[signal].Pin is not null)
            .Select(Root)
            .ToHashSet();
        do
            cut = [.. Enumerable.Range(0, all.Count).Select(signal => !stays.Contains(Root(signal)))];
        while (KeepMore(stays));
    }

    /// <summary>Every unit that feeds the channel was removed.</summary>
    public bool IsDead(int signal) => signal != None && dead[signal];

    /// <summary>It is dead and leaves the file.</summary>
    public bool IsCut(int signal) => signal != None && cut[signal];

    /// <summary>Why a dead channel stays in the file.</summary>
    public string WhyNotCut(int signal) => PinOf(Root(signal)) ?? "the channels it is joined to stay";

    /// <summary>What is left of the removed channels of some units, and of which of these units.</summary>
    public (Remnant? First, int Units) RemnantsOf(IReadOnlyCollection<int> units)
    {
        var own = units.ToHashSet();
        var left = remnants.Where(remnant =>
            dead[remnant.Signal] && !IsDead(remnant.Into) && UnitsOf(remnant.Signal).Any(own.Contains)).ToArray();
        return (left.FirstOrDefault(),
            left.SelectMany(remnant => UnitsOf(remnant.Signal)).Where(own.Contains).Distinct().Count());
    }

    /// <summary>The units that feed any of these channels.</summary>
    public HashSet<int> UnitsOf(IEnumerable<int> signals) => [.. signals.SelectMany(signal => UnitsOf(signal))];

    /// <summary>
    /// The units that can be cut out only together, each in one group: those of joined channels, and one of each part of a
    /// grouped convolution, the weakest with the weakest. A unit that cannot be cut out is a group of its own.
    /// </summary>
    /// <param name="importance">The importance of each unit that may be removed.</param>
    public ImmutableArray<UnitGroup> Groups(IReadOnlyDictionary<int, double> importance)
    {
        var coupling = new Coupling([.. Enumerable.Range(0, all.Count).Select(Root)]);
        foreach (var signal in Enumerable.Range(0, all.Count))
        {
            coupling.Feed(signal, all[signal].Units);
            if (all[signal].Pin is { } pin)
                coupling.Pin(signal, pin);
        }
        return coupling.Groups(balanced, importance);
    }

    private bool KeepMore(HashSet<int> stays)
    {
        var before = stays.Count;
        foreach (var axis in axes)
        {
            if (axis.Length > 0 && axis.All(IsCut))
                stays.Add(Root(axis[^1]));
        }
        foreach (var groups in balanced)
        {
            var least = groups.Min(group => group.Count(IsCut));
            foreach (var group in groups)
                stays.UnionWith(group.Where(IsCut).Skip(least).Select(Root));
        }
        return stays.Count > before;
    }

    private string? PinOf(int root) =>
        Enumerable.Range(0, all.Count)
            .Where(other => Root(other) == root)
            .Select(other => all[other].Pin)
            .FirstOrDefault(pin => pin is not null);

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

/// <summary>What is left of a removed channel where something reads it.</summary>
/// <param name="Signal">The channel.</param>
/// <param name="Into">The channel it became a part of, which lives on; <see cref="Signals.None"/> where it
/// is read in another way.</param>
/// <param name="Op">The operator that makes something else of zero.</param>
/// <param name="IsKnown">False where it is not known what that is.</param>
/// <param name="Reason">Who reads it.</param>
internal sealed record Remnant(int Signal, int Into, string Op, bool IsKnown, string Reason)
{
    /// <summary>As the beginning of a sentence.</summary>
    public string Finding => IsKnown ? $"{Op} of zero is not zero" : $"what {Op} makes of zero is not known";
}
