namespace Emergence.Trainer.Training;

/// <summary>How stored values become inputs: (x · scale − mean) / std, in float32.</summary>
internal sealed record Preprocessing(double Scale, double Mean, double Std)
{
    /// <summary>Bytes to [−1, 1].</summary>
    public static Preprocessing Images { get; } = new(1.0 / 255, 0.5, 0.5);

    /// <summary>The inputs that the byte values 0 … 255 become.</summary>
    public float[] ByteTable()
    {
        var (scale, mean, std) = ((float)Scale, (float)Mean, (float)Std);
        return [.. Enumerable.Range(0, 256).Select(value => (value * scale - mean) / std)];
    }
}
