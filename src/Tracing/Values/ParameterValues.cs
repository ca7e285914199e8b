using System.Collections.Immutable;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Tracing.Values;

/// <summary>The numbers that the stored parameters of a model stand for: quantized ones dequantized.</summary>
public sealed class ParameterValues
{
    private readonly StoredTensors stored;
    private readonly Quantizations quantizations;

    /// <summary>Reads from a checkpoint as <c>ModelPreparation</c> leaves it.</summary>
    public ParameterValues(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        stored = new StoredTensors(checkpoint.Model, checkpoint.Directory);
        quantizations = new Quantizations(stored, TopologicalOrder.Of(checkpoint.Model.Graph));
    }

    /// <summary>The dimensions of a stored tensor.</summary>
    public ImmutableArray<long> Dims(string tensor) => stored.Dims(tensor);

    /// <summary>True for float32, which <see cref="Floats"/> reads in half the memory.</summary>
    public bool IsSingle(string tensor) => stored.ElementType(tensor) == (int)TensorProto.Types.DataType.Float;

    /// <summary>True for integers whose scale is not stored: what they stand for is known only when the model runs.</summary>
    public bool IsScaleUnknown(string tensor)
    {
        var quantization = quantizations.Of(tensor);
        return ReferenceEquals(quantization, Dequantization.None)
            ? !ElementTypes.IsFloat(stored.ElementType(tensor))
            : quantization.IsScaleUnknown;
    }

    /// <summary>The values of a float32 tensor.</summary>
    public float[] Floats(string tensor) => stored.Floats(tensor);

    /// <summary>The values of any tensor, dequantized.</summary>
    public double[] Doubles(string tensor)
    {
        var values = stored.Doubles(tensor);
        var quantization = quantizations.Of(tensor);
        for (var i = 0; i < values.Length; i++)
            values[i] = quantization.Value(values[i], i);
        return values;
    }
}
