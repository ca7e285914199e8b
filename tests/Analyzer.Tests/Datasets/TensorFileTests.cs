using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Testing;
using Google.Protobuf;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Analyzer.Tests.Datasets;

public sealed class TensorFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void raw_and_typed_tensors_are_read()
    {
        var raw = TensorValues.FromFloats("x", [2, 2], [1, 2, 3, 4]);
        var (name, array) = TensorFile.Read(_folder.Write("input_0.pb", raw.ToByteArray()));
        Assert.Equal("x", name);
        Assert.Equal([2, 2], array.Shape);
        Assert.Equal(Bytes.Floats(1, 2, 3, 4), array.Data.ToArray());

        var typed = new TensorProto { DataType = (int)DataType.Int32, Dims = { 3 }, Int32Data = { 7, 8, 9 } };
        var (_, part) = TensorFile.Read(_folder.Write("input_1.pb", typed.ToByteArray()), samples: 2);
        Assert.Equal([2], part.Shape);
        Assert.Equal([7, 0, 0, 0, 8, 0, 0, 0], part.Data.ToArray());
    }

    [Fact]
    public void strings_models_text_and_truncated_files_are_refused()
    {
        var strings =
            new TensorProto { DataType = (int)DataType.String, Dims = { 1 }, StringData = { ByteString.CopyFromUtf8("a") } };
        var whole = TensorValues.FromFloats("x", [4], [1, 2, 3, 4]).ToByteArray();
        var model = new ModelProto { IrVersion = 8, ProducerName = "p", Graph = new GraphProto { Name = "g" } };
        foreach (var content in new[] { strings.ToByteArray(), model.ToByteArray(), [.. "not a tensor"u8], whole[..^3],
            [8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 16, 1] })
        {
            var path = _folder.Write("x.pb", content);
            Assert.StartsWith($"{path}: ", Assert.Throws<UserException>(() => TensorFile.Read(path)).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void a_test_vector_of_the_onnx_model_zoo_is_read()
    {
        var path = SharedFiles.Require("models", "mnist", "cntk251_mnist8", "test_data_set_0", "input_0.pb");
        var (_, array) = TensorFile.Read(path);
        Assert.Equal((int)DataType.Float, array.ElementType);
        Assert.Equal([1, 1, 28, 28], array.Shape);
    }
}
