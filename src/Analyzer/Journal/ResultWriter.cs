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
        to.Write(result.Measurements.Length);
        foreach (var measurement in result.Measurements)
            Write(measurement);
        Write(result.Accuracy);
        to.Write(result.NodeValues.Length);
        foreach (var layers in result.NodeValues)
            Write([.. layers]);
        Write(result.Diagnostics);
        Write(result.Providers);
        to.Flush();
    }

    /// <summary>What each node is judged by, layer by layer.</summary>
    public void Write(ImmutableArray<float[]> layers)
    {
        to.Write(layers.Length);
        foreach (var values in layers)
            Write(values);
    }

    public void Write(ImmutableArray<Diagnostic> diagnostics)
    {
        to.Write(diagnostics.Length);
        foreach (var diagnostic in diagnostics)
        {
            to.Write((int)diagnostic.Severity);
            to.Write(diagnostic.Subject);
            to.Write(diagnostic.Message);
        }
    }

    public void Write(ImmutableArray<ProviderNodes> providers)
    {
        to.Write(providers.Length);
        foreach (var provider in providers)
        {
            to.Write(provider.Name);
            to.Write(provider.Nodes);
        }
    }

    /// <summary>Under one threshold, with what changed since the checkpoint before.</summary>
    public void Write(Measurement measurement)
    {
        to.Write(measurement.Threshold);
        to.Write(measurement.Layers.Length);
        foreach (var layer in measurement.Layers)
            Write(layer);
        Write(measurement.Emergence);
        Write(measurement.EmergenceActive);
        if (IsThere(measurement.EmergenceWired is not null))
            Write(measurement.EmergenceWired!.Value);
        if (IsThere(measurement.PerSample is not null))
        {
            Write(measurement.PerSample!.Emergence);
            Write(measurement.PerSample.EmergenceActive);
        }
        if (IsThere(measurement.Intervals is not null))
            Write(measurement.Intervals!);
        if (IsThere(measurement.Contributions is not null))
            Write(measurement.Contributions!);
        to.Write(measurement.Nulls.Length);
        foreach (var result in measurement.Nulls)
            Write(result);
        Write(measurement.PathNorm);
        to.Write((int)measurement.ZeroCause);
        Write(measurement.RelativeEmergence);
        Write(measurement.RelativeEmergenceAll);
        Write(measurement.ActivationChange);
        if (IsThere(measurement.Step is not null))
            Write(measurement.Step!);
    }

    private void Write(EmergenceStep step)
    {
        Write(step.Structure);
        if (!IsThere(step.Split is not null))
            return;
        Write(step.Split!.Change);
        to.Write(step.Split.Layers.Length);
        foreach (var layer in step.Split.Layers)
        {
            to.Write(layer.BecameAlive);
            to.Write(layer.Died);
            Write(layer.Contribution);
        }
        Write(step.Split.Moved);
        if (!IsThere(step.Split.Largest is not null))
            return;
        var node = step.Split.Largest!.Value;
        to.Write(node.Layer);
        Write(node.Node);
        to.Write(node.BecameAlive);
        Write(node.Contribution);
    }

    private void Write(LayerResult layer)
    {
        to.Write(layer.Index);
        to.Write(layer.Name);
        to.Write(layer.Op);
        to.Write(layer.Activation);
        to.Write(layer.Nodes);
        to.Write(layer.Alive);
        if (IsThere(layer.AliveInterval is not null))
            Write(layer.AliveInterval!.Value);
        to.Write(layer.Multiplicity);
        to.Write(layer.AliveMultiplicity);
        to.Write(layer.Borderline);
        to.Write(layer.NodesNan);
        to.Write(layer.NodesInf);
        Write(layer.AliveByBias);
        Write(layer.EmergenceShare);
        Write(layer.NeverFired);
        if (IsThere(layer.Slope is not null))
            Write(layer.Slope!.Value);
        if (IsThere(layer.Spectrum is not null))
            Write(layer.Spectrum!);
        if (IsThere(layer.ActivationRanks is not null))
        {
            to.Write(layer.ActivationRanks!.StableRank);
            to.Write(layer.ActivationRanks.EffectiveRank);
        }
        if (IsThere(layer.Units is not null))
        {
            Write(layer.Units!.Mean.AsSpan());
            Write(layer.Units.Max.AsSpan());
            Write(layer.Units.Share.AsSpan());
        }
        Write(layer.Woke);
        Write(layer.Died);
        to.Write(layer.Parameters);
        to.Write(layer.ParametersNonzero);
        Write(layer.ActivationMean);
        Write(layer.ActivationMax);
        if (IsThere(layer.Mask is not null))
        {
            to.Write(layer.Mask!.Count);
            to.Write(layer.Mask.ToBytes());
        }
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
        to.Write(intervals.AliveByLayer.Length);
        foreach (var interval in intervals.AliveByLayer)
            Write(interval);
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

    public void Write(double? value)
    {
        if (IsThere(value is not null))
            to.Write(value!.Value);
    }

    public void Write(int? value)
    {
        if (IsThere(value is not null))
            to.Write(value!.Value);
    }

    /// <summary>Says whether something follows, as it is returned.</summary>
    public bool IsThere(bool isThere)
    {
        to.Write(isThere);
        return isThere;
    }
}
