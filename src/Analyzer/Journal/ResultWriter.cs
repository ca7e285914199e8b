using System.Numerics;
using System.Runtime.InteropServices;
using Emergence.Analyzer.Metrics;
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
        {
            to.Write(layers.Length);
            foreach (var values in layers)
                Write(values);
        }
        to.Write(result.Diagnostics.Length);
        foreach (var diagnostic in result.Diagnostics)
        {
            to.Write((int)diagnostic.Severity);
            to.Write(diagnostic.Subject);
            to.Write(diagnostic.Message);
        }
        to.Write(result.Providers.Length);
        foreach (var provider in result.Providers)
        {
            to.Write(provider.Name);
            to.Write(provider.Nodes);
        }
        to.Flush();
    }

    private void Write(Measurement measurement)
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
        to.Write((int)measurement.ZeroCause);
        Write(measurement.RelativeEmergence);
        Write(measurement.RelativeEmergenceAll);
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
        {
            to.Write(layer.Slope!.Value.Sign < 0);
            Write(layer.Slope.Value.Magnitude);
        }
        if (IsThere(layer.Spectrum is not null))
            Write(layer.Spectrum!);
        if (IsThere(layer.Units is not null))
        {
            Write(layer.Units!.Mean.AsSpan());
            Write(layer.Units.Max.AsSpan());
            Write(layer.Units.Share.AsSpan());
        }
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

    private void Write(EmergenceValue value)
    {
        Write(value.Numerator);
        Write(value.Denominator);
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

    private void Write(double? value)
    {
        if (IsThere(value is not null))
            to.Write(value!.Value);
    }

    private void Write(int? value)
    {
        if (IsThere(value is not null))
            to.Write(value!.Value);
    }

    private bool IsThere(bool isThere)
    {
        to.Write(isThere);
        return isThere;
    }
}
