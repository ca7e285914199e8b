using Emergence.Checkpoints;
using Microsoft.ML.OnnxRuntime;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Inference;

/// <summary>The numbers of outputs.</summary>
internal static class OutputValues
{
    /// <summary>Reads the values of an output, in double, into a list that is cleared first.</summary>
    /// <exception cref="UserException">It holds no floating-point numbers.</exception>
    public static void Read(OrtValue output, List<double> into)
    {
        into.Clear();
        switch ((DataType)output.GetTensorTypeAndShape().ElementDataType)
        {
            case DataType.Float:
                foreach (var value in output.GetTensorDataAsSpan<float>())
                    into.Add(value);
                break;
            case DataType.Double:
                into.AddRange(output.GetTensorDataAsSpan<double>());
                break;
            case DataType.Float16:
                foreach (var value in output.GetTensorDataAsSpan<Float16>())
                    into.Add((float)value);
                break;
            case var type:
                throw new UserException($"output of type {type}: expected floating-point numbers");
        }
    }
}
