using Emergence.Checkpoints;
using Google.Protobuf;
using Onnx;

namespace Emergence.Datasets;

/// <summary>An ONNX <c>TensorProto</c> in a <c>.pb</c> file, as the ONNX test data sets hold them.</summary>
internal static class TensorFile
{
    /// <summary>
    /// Reads a tensor, or its first <paramref name="samples"/> entries along the first axis, and its name, which may be empty.
    /// </summary>
    /// <exception cref="UserException">The file is missing, damaged, or holds no <c>TensorProto</c> of numbers.</exception>
    public static (string Name, NumericArray Array) Read(string path, int? samples = null)
    {
        using var stream = DataStream.Open(path);
        try
        {
            var tensor = TensorProto.Parser.ParseFrom(stream.ReadAll());
            if (NumericArray.ElementSize(tensor.DataType) == 0)
                throw stream.Error("holds no tensor of numbers", "give an ONNX TensorProto, such as test_data_set_0/input_0.pb");
            var folder = Path.GetDirectoryName(Path.GetFullPath(path));
            var data = TensorValues.ToRaw(tensor, folder);
            var array = new NumericArray(tensor.DataType, [.. tensor.Dims.Select(dim => checked((int)dim))], data);
            return (tensor.Name, samples is { } count ? array.Take(count) : array);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new UserException($"{path}: is not an ONNX TensorProto, or is truncated; give one such as input_0.pb", e);
        }
        catch (OverflowException)
        {
            throw stream.Error("has a dimension beyond 2^31", "give a smaller tensor");
        }
        catch (UserException e) when (!e.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new UserException($"{path}: {e.Message}", e);
        }
    }
}
