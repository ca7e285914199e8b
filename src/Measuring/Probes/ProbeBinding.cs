using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Probes;

/// <summary>An array that feeds an input.</summary>
/// <param name="Input">The input.</param>
/// <param name="Subject">What errors call the data.</param>
/// <param name="Array">The data.</param>
/// <param name="InModelLayout">See <see cref="StoredSamples.InModelLayout"/>.</param>
internal sealed record BoundArray(ModelInput Input, string Subject, StoredArray Array, bool InModelLayout);

/// <summary>Decides which array feeds which input.</summary>
internal static class ProbeBinding
{
    /// <summary>
    /// Binds each input to one array: by the name the user gave, else by the name the array has in its file; an array
    /// without a known name feeds <paramref name="main"/>, else the only input that is left; and the k-th of several
    /// the k-th input.
    /// </summary>
    /// <param name="model">The model, for errors.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="main">The input that the user chose for unnamed samples, or null.</param>
    /// <param name="sources">What was loaded, with at least one array each.</param>
    /// <returns>One entry for each input, in the model's order.</returns>
    /// <exception cref="UserException">An input is left without samples, or samples without an input.</exception>
    public static ImmutableArray<BoundArray> Bind(
        string model, ImmutableArray<ModelInput> inputs, string? main, ImmutableArray<ProbeSource> sources)
    {
        var bound = new Dictionary<string, BoundArray>(StringComparer.Ordinal);
        // Named ones first, so that they take their inputs before the rest is dealt out.
        foreach (var source in sources.OrderBy(source => source.Input is null))
        {
            foreach (var (input, array) in Deal(source))
            {
                if (!bound.TryAdd(input.Name, new BoundArray(input, source.Subject, array.Array, source.Stored.InModelLayout)))
                    throw new UsageException(
                        $"--data {source.Subject}: input '{input.Name}' of {model} already has samples; "
                        + "name each input once");
            }
        }
        if (inputs.FirstOrDefault(input => !bound.ContainsKey(input.Name)) is { } unfed)
            throw new UserException($"{model}: input '{unfed.Name}' has no samples; give --data {unfed.Name}=PATH as well");
        return [.. inputs.Select(input => bound[input.Name])];

        IEnumerable<(ModelInput Input, NamedArray Array)> Deal(ProbeSource source)
        {
            var arrays = source.Stored.Arrays;
            if (source.Input is { } named)
                return [(Find(named)!, arrays.Length == 1 ? arrays[0] : Called(source, arrays, named))];
            var known = arrays.Where(array => Find(array.Name) is not null).ToArray();
            if (known.Length == arrays.Length)
                return known.Select(array => (Find(array.Name)!, array));
            if (arrays.Length == 1)
                return [(MainInput(source), arrays[0])];
            return known.Length == 0 && arrays.Length == inputs.Length
                ? inputs.Zip(arrays)
                : throw new UserException(
                    $"{source.Subject}: holds {arrays.Length} tensors, but {model} has inputs {Names(inputs)}; "
                    + "give one for each");
        }

        ModelInput MainInput(ProbeSource source)
        {
            if (main is not null)
                return Find(main)!;
            var left = inputs.Where(input => !bound.ContainsKey(input.Name)).ToArray();
            return left.Length switch
            {
                1 => left[0],
                0 => inputs[0],
                _ => throw new UserException(
                    $"{source.Subject}: {model} has inputs {Names(left)}; give --input NAME, or --data NAME=PATH for each"),
            };
        }

        ModelInput? Find(string name) => inputs.FirstOrDefault(input => input.Name == name);
    }

    /// <summary>The names of inputs, for errors.</summary>
    public static string Names(IEnumerable<ModelInput> inputs) => string.Join(", ", inputs.Select(input => input.Name));

    private static NamedArray Called(ProbeSource source, ImmutableArray<NamedArray> arrays, string name) =>
        arrays.FirstOrDefault(array => array.Name == name)
        ?? throw new UserException($"{source.Subject}: holds {arrays.Length} arrays, none called '{name}'; name a file with one");
}
