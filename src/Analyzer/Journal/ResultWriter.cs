using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Journal;

/// <summary>Writes what was measured, exactly; <see cref="ResultReader"/> reads it in the same order.</summary>
/// <param name="to">Where to.</param>
internal sealed class ResultWriter(BinaryWriter to)
{
    public void Write(MeasuredCheckpoint result)
    {
        Many(result.Measurements, Write);
        Write(result.Accuracy);
        Many(result.NodeValues, layers => Write([.. layers]));
        Write(result.Diagnostics);
        Write(result.Providers);
        to.Flush();
    }

    /// <summary>What each node is judged by, layer by layer.</summary>
    public void Write(ImmutableArray<float[]> layers) => Many(layers, values => Write(values));

    public void Write(ImmutableArray<Diagnostic> diagnostics) => Many(diagnostics, diagnostic =>
    {
        to.Write((int)diagnostic.Severity);
        to.Write(diagnostic.Subject);
        to.Write(diagnostic.Message);
    });

    public void Write(ImmutableArray<ProviderNodes> providers) => Many(providers, provider =>
    {
        to.Write(provider.Name);
        to.Write(provider.Nodes);
    });

    /// <summary>Under one threshold, with what changed since the checkpoint before.</summary>
    public void Write(Measurement measurement)
    {
        to.Write(measurement.Threshold);
        Many(measurement.Layers, Write);
        Write(measurement.Emergence);
        Write(measurement.EmergenceActive);
        Optional(measurement.EmergenceWired, Write);
        Optional(measurement.PerSample, samples =>
        {
            Write(samples.Emergence);
            Write(samples.EmergenceActive);
        });
        Optional(measurement.Intervals, Write);
        Optional(measurement.Contributions, Write);
        Many(measurement.Nulls, Write);
        Write(measurement.PathNorm);
        to.Write((int)measurement.ZeroCause);
        Write(measurement.RelativeEmergence);
        Write(measurement.RelativeEmergenceAll);
        Write(measurement.ActivationChange);
        Optional(measurement.Step, step =>
        {
            Write(step.Structure);
            Optional(step.Split, Write);
        });
    }

    private void Write(EmergenceSplit split)
    {
        Write(split.Change);
        Many(split.Layers, layer =>
        {
            to.Write(layer.BecameAlive);
            to.Write(layer.Died);
            Write(layer.Contribution);
        });
        Write(split.Moved);
        Optional(split.Largest, node =>
        {
            to.Write(node.Layer);
            Write(node.Node);
            to.Write(node.BecameAlive);
            Write(node.Contribution);
        });
    }

    private void Write(LayerResult layer)
    {
        to.Write(layer.Index);
        to.Write(layer.Name);
        to.Write(layer.Op);
        to.Write(layer.Activation);
        to.Write(layer.Nodes);
        to.Write(layer.Alive);
        Optional(layer.AliveInterval, Write);
        to.Write(layer.Multiplicity);
        to.Write(layer.AliveMultiplicity);
        to.Write(layer.Borderline);
        to.Write(layer.NodesNan);
        to.Write(layer.NodesInf);
        Write(layer.AliveByBias);
        Write(layer.EmergenceShare);
        Write(layer.NeverFired);
        Optional(layer.Slope, Write);
        Optional(layer.Spectrum, Write);
        Optional(layer.ActivationRanks, ranks =>
        {
            to.Write(ranks.StableRank);
            to.Write(ranks.EffectiveRank);
        });
        Optional(layer.Units, units =>
        {
            Write(units.Mean.AsSpan());
            Write(units.Max.AsSpan());
            Write(units.Share.AsSpan());
        });
        Write(layer.Woke);
        Write(layer.Died);
        to.Write(layer.Parameters);
        to.Write(layer.ParametersNonzero);
        Write(layer.ActivationMean);
        Write(layer.ActivationMax);
        Optional(layer.Mask, mask =>
        {
            to.Write(mask.Count);
            to.Write(mask.ToBytes());
        });
    }

    private void Write(NullResult result)
    {
        to.Write((int)result.Model.Kind);
        to.Write(result.Model.Draws);
        to.Write(result.Model.Seed);
        to.Write((int)result.Measure);
        to.Write(result.Above);
        to.Write(result.Below);
        Write(result.Z);
        Write(result.Low);
        Write(result.Median);
        Write(result.High);
    }

    private void Write(WeightSpectrum spectrum)
    {
        to.Write(spectrum.Sparsity);
        to.Write(spectrum.Frobenius);
        to.Write(spectrum.Spectral);
        Write(spectrum.StableRank);
        Write(spectrum.EffectiveRank);
        Write(spectrum.Alpha);
    }

    private void Write(BootstrapIntervals intervals)
    {
        Many(intervals.AliveByLayer, Write);
        Write(intervals.Alive);
        Write(intervals.Emergence.Low);
        Write(intervals.Emergence.High);
        Write(intervals.EmergenceActive.Low);
        Write(intervals.EmergenceActive.High);
    }

    private void Write(Contributions contributions)
    {
        to.Write(contributions.Layers);
        for (var from = 0; from < contributions.Layers; from++)
        {
            for (var end = 0; end < contributions.Layers; end++)
                Write(contributions[from, end]);
        }
    }

    private void Write(SampleDistribution samples)
    {
        to.Write(samples.Samples);
        foreach (var value in samples.Values)
            Write(value);
    }

    private void Write(Interval<int> interval)
    {
        to.Write(interval.Low);
        to.Write(interval.High);
    }

    public void Write(EmergenceValue value)
    {
        Write(value.Numerator);
        Write(value.Denominator);
    }

    private void Write(EmergenceChange change)
    {
        to.Write(change.Sign < 0);
        Write(change.Magnitude);
    }

    private void Write(BigInteger number)
    {
        var bytes = number.ToByteArray();
        to.Write(bytes.Length);
        to.Write(bytes);
    }

    private void Write(ReadOnlySpan<float> values)
    {
        to.Write(values.Length);
        to.Write(MemoryMarshal.AsBytes(values));
    }

    public void Write(double? value) => Optional(value, to.Write);

    public void Write(int? value) => Optional(value, to.Write);

    /// <summary>Writes how many there are, and each.</summary>
    public void Many<T>(ImmutableArray<T> items, Action<T> write)
    {
        to.Write(items.Length);
        foreach (var item in items)
            write(item);
    }

    /// <summary>Writes whether something is there, and what it is.</summary>
    /// <returns>Whether it is.</returns>
    public bool Optional<T>(T? value, Action<T> write) where T : class
    {
        to.Write(value is not null);
        if (value is not null)
            write(value);
        return value is not null;
    }

    /// <summary>Writes whether something is there, and what it is.</summary>
    /// <returns>Whether it is.</returns>
    public bool Optional<T>(T? value, Action<T> write) where T : struct
    {
        to.Write(value is not null);
        if (value is { } there)
            write(there);
        return value is not null;
    }
}
