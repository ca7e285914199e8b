using System.Collections.Immutable;
using System.Security.Cryptography;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Measuring.Probes;

/// <summary>Finds the samples on which a checkpoint's activations are recorded, and makes them what its inputs want.</summary>
internal static class ProbeResolver
{
    internal const int RandomSamples = 1024;

    private const int PieceBytes = 1 << 20;

    /// <summary>What names random samples.</summary>
    internal const string RandomWord = "random";

    /// <inheritdoc cref="Resolve(Checkpoint, LayerGraph, ProbeOptions, Action{string}?, CancellationToken)"/>
    public static Probe Resolve(Checkpoint checkpoint, LayerGraph graph, ProbeOptions options, CancellationToken token) =>
        Resolve(checkpoint, graph, options, progress: null, token);

    /// <summary>
    /// The samples that the user names; else those of the data set that the checkpoint records, whose hash must be the
    /// recorded one; else, with a warning, random ones.
    /// </summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="graph">Its inputs.</param>
    /// <param name="options">What the user said.</param>
    /// <param name="progress">Told what a download does, a line at a time.</param>
    /// <param name="token">Ends a download.</param>
    /// <exception cref="UserException">The samples cannot be had, or do not fit the model.</exception>
    public static Probe Resolve(
        Checkpoint checkpoint, LayerGraph graph, ProbeOptions options, Action<string>? progress, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(options);
        return Resolve(checkpoint, graph, options, Load(checkpoint, graph.Inputs, options, progress, token));
    }

    /// <summary>The stored samples: those that the user names, else those of the recorded data set, else none.</summary>
    /// <exception cref="UserException">They cannot be had.</exception>
    internal static ImmutableArray<ProbeSource> Load(
        Checkpoint checkpoint, ImmutableArray<ModelInput> inputs, ProbeOptions options, Action<string>? progress,
        CancellationToken token)
    {
        if (inputs.IsEmpty)
            throw new UserException($"{checkpoint.FileName}: has no inputs to feed; export the model with its inputs");
        if (options.Samples <= 0)
            throw new UsageException($"--samples {options.Samples}: is no number of samples; give 1 or more, or all");
        if (options.Input is { } name && inputs.All(input => input.Name != name))
            throw new UsageException(
                $"--input {name}: {checkpoint.FileName} has no such input; it has {ProbeBinding.Names(inputs)}");
        if (IsRandom(options))
            return [];
        return options.Data.IsEmpty
            ? ProbeSource.Recorded(checkpoint, options, progress, token)
            : ProbeSource.Given(checkpoint, inputs, options, progress, token);
    }

    /// <summary>Whether the user asks for random samples; a file of that name is given as ./random.</summary>
    private static bool IsRandom(ProbeOptions options) => options.Data is [RandomWord];

    /// <summary>The probe made of loaded samples; of random ones where there are none.</summary>
    /// <exception cref="UserException">The samples do not fit the model.</exception>
    internal static Probe Resolve(Checkpoint checkpoint, LayerGraph graph, ProbeOptions options,
        ImmutableArray<ProbeSource> sources) =>
        sources.IsEmpty ? Random(checkpoint, graph.Inputs, options) : Feed(checkpoint, graph.Inputs, options, sources);

    /// <summary>The options of a trace with what loaded samples say of the inputs.</summary>
    /// <exception cref="UserException">The samples cannot be dealt out to the inputs, or contradict each other.</exception>
    internal static TraceOptions Sized(
        Checkpoint checkpoint, ImmutableArray<ModelInput> inputs, ProbeOptions options, ImmutableArray<ProbeSource> sources,
        TraceOptions trace) =>
        sources.IsEmpty
            ? trace
            : DataSizes.Add(trace, inputs, ProbeBinding.Bind(checkpoint.FileName, inputs, options.Input, sources));

    private static Probe Random(Checkpoint checkpoint, ImmutableArray<ModelInput> inputs, ProbeOptions options)
    {
        if (options.Labels is not null)
            throw new UsageException("--labels: random samples have no classes; give the samples with --data");
        if (inputs.FirstOrDefault(input => !DeclaresShape(checkpoint, input)) is { } shapeless)
            throw new UserException(
                $"{checkpoint.FileName}: input '{shapeless.Name}' declares no shape, so none can be drawn; "
                + "give samples with --data");
        var samples = options.Samples ?? RandomSamples;
        var preprocessing = Preprocessing.Of(options, recorded: null);
        ImmutableArray<ProbeInput> drawn =
            [.. inputs.Select((input, position) => RandomProbe.Draw(input, position, samples, options.Seed, preprocessing))];
        var used = FormattableString.Invariant($"{samples:N0} random samples (seed {options.Seed}) are used");
        var said = IsRandom(options)
            ? Diagnostic.Note("probe", $"{used}, as --data random asks for")
            : Diagnostic.Warning("probe", $"no data set is recorded and --data is not given: {used}; "
                + "give --data for numbers that mean something");
        var provenance = new ProbeProvenance("random", Hash(drawn, samples), samples, options.Seed);
        return new Probe(drawn, samples, null, provenance, [said]);
    }

    private static Probe Feed(
        Checkpoint checkpoint, ImmutableArray<ModelInput> inputs, ProbeOptions options, ImmutableArray<ProbeSource> sources)
    {
        var diagnostics = new List<Diagnostic>();
        ImmutableArray<BoundArray> feeds =
            [.. ProbeBinding.Bind(checkpoint.FileName, inputs, options.Input, sources)
                .Select(feed => WithShape(checkpoint, feed))];
        if (feeds.FirstOrDefault(feed => feed.Array.Shape.Contains(0)) is { } empty)
        {
            throw new UserException(
                $"{empty.Subject}: holds no samples (its shape is {NumericArray.Describe(empty.Array.Shape.AsSpan())}); "
                + "give data with at least one");
        }
        var fits = feeds.Select(feed => SampleFit.Of(feed.Subject, feed.Array.Shape, feed.Input, feed.InModelLayout)).ToArray();
        var samples = CountSamples(feeds, fits, options.Samples);
        ImmutableArray<ProbeInput> fed =
        [
            .. feeds.Zip(fits, (feed, fit) =>
            {
                var convert = ConversionOf(feed, fit, options, checkpoint.Metadata, diagnostics);
                var size = NumericArray.ElementSize(feed.Input.ElementType);
                return new ProbeInput(feed.Input.Name, feed.Input.ElementType, fit.SampleShape,
                    FittedSamples.Of(feed.Array, fit, samples, size, convert));
            }),
        ];
        var name = string.Join(", ", sources.Select(source => source.Name));
        var all = CountSamples(feeds, fits, limit: null);
        var (labels, origin) = Labels(options, sources, samples, all);
        return new Probe(fed, samples, labels, new ProbeProvenance(name, Hash(fed, samples), samples, null),
            [.. diagnostics])
        {
            LabelOrigin = origin,
            Available = all,
        };
    }

    /// <summary>Preprocesses what feeds a floating-point input: the one named by <c>--input</c>, or else any.</summary>
    private static ElementConversion ConversionOf(
        BoundArray feed, SampleFit fit, ProbeOptions options, CheckpointMetadata recorded, List<Diagnostic> diagnostics)
    {
        var (input, subject) = (feed.Input, feed.Subject);
        if (fit.Note is { } note)
            Note(note);
        var preprocessing =
            options.Input is null || options.Input == input.Name ? Preprocessing.Of(options, recorded) : Preprocessing.None;
        if (!InputValues.IsFloat(input.ElementType))
        {
            if (!preprocessing.IsIdentity)
                Note($"input '{input.Name}' takes {ElementTypes.NameOf(input.ElementType)}: scale, mean and std are not "
                    + "applied to it");
            return (stored, target) => InputValues.ToInteger(subject, stored, input.ElementType, target);
        }
        var isBytes = feed.Array.ElementType == (int)DataType.Uint8;
        if (isBytes && preprocessing.IsIdentity)
            Note("bytes are fed as stored, 0 to 255; say what the model expects with --scale, --mean, --std");
        if (!isBytes && !preprocessing.IsIdentity && options is { Scale: null, Mean.IsEmpty: true, Std.IsEmpty: true })
            Note("scaled as the checkpoint records; give --scale 1 --mean 0 --std 1 if the values are scaled already");
        var stride = preprocessing.StrideIn(fit, subject);
        return (stored, target) => InputValues.ToFloat(stored, input.ElementType, preprocessing, stride, target);

        void Note(string message) => diagnostics.Add(Diagnostic.Note(subject, message));
    }

    /// <summary>An input that declares no shape, not even its rank, takes samples as they are, one at a time.</summary>
    private static BoundArray WithShape(Checkpoint checkpoint, BoundArray feed)
    {
        if (DeclaresShape(checkpoint, feed.Input))
            return feed;
        long?[] shape =
            [.. (feed.InModelLayout ? feed.Array.Shape : [1, .. feed.Array.Shape.Skip(1)]).Select(size => (long?)size)];
        return feed with { Input = feed.Input with { Shape = [.. shape], Symbols = [.. shape.Select(_ => "")], BatchAxis = -1 } };
    }

    private static bool DeclaresShape(Checkpoint checkpoint, ModelInput input) =>
        checkpoint.Model.Graph.Input.FirstOrDefault(declared => declared.Name == input.Name)?.Type?.TensorType?.Shape is not null;

    private static int CountSamples(ImmutableArray<BoundArray> feeds, SampleFit[] fits, int? limit)
    {
        // An input without a batch axis may have one value for all samples.
        var counts = fits
            .Select((fit, i) => (fit.Samples, feeds[i].Subject, IsShared: feeds[i].Input.BatchAxis < 0 && fit.Samples == 1))
            .ToArray();
        var main = counts.FirstOrDefault(count => !count.IsShared, counts[0]);
        if (counts.FirstOrDefault(count => !count.IsShared && count.Samples != main.Samples) is { Subject: { } other } unequal)
            throw new UserException(
                $"{other}: has {unequal.Samples:N0} samples, but {main.Subject} has {main.Samples:N0}; "
                + "give the same number for each input");
        return Math.Min(main.Samples, limit ?? int.MaxValue);
    }

    private static (ImmutableArray<int>? Labels, LabelOrigin? Origin) Labels(
        ProbeOptions options, ImmutableArray<ProbeSource> sources, int samples, int all)
    {
        var (subject, labels) = options.Labels is { } path
            ? (path, LabelFile.Read(path))
            : sources.Where(source => source.Stored.Labels is not null)
                .Select(source => (source.Name, source.Stored.Labels))
                .FirstOrDefault();
        if (labels is null)
            return (null, null);
        if (labels.Length != all)
            throw new UserException(
                $"{subject}: has {labels.Length:N0} labels for {all:N0} samples; "
                + "give a label for each sample");
        return ([.. labels.AsSpan(0, samples)], new LabelOrigin(subject, labels.Min(), labels.Max(), options.Labels is not null));
    }

    private static string Hash(ImmutableArray<ProbeInput> inputs, int samples)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var input in inputs)
        {
            using var reader = input.Values.Open();
            var most = Math.Clamp(PieceBytes / Math.Max(1, input.SampleBytes), 1, samples);
            var piece = new byte[most * input.SampleBytes];
            for (var start = 0; start < samples; start += most)
            {
                var part = piece.AsSpan(0, Math.Min(most, samples - start) * input.SampleBytes);
                reader.Read(start, Math.Min(most, samples - start), part);
                hash.AppendData(part);
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
