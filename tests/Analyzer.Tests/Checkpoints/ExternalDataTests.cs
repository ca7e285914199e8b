using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Emergence.Checkpoints;
using Emergence.Testing;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Checkpoints;

/// <summary>Weights beside the model are read; anything else on the disk is not.</summary>
public sealed class ExternalDataTests : IDisposable
{
    private static readonly float[] Weight = [1, -1, 2, 0];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("w.data", null, null)]
    [InlineData("w.data", 0L, 16L)]
    [InlineData("./w.data", 0L, null)]
    [InlineData("sub/w.data", null, 16L)]
    [InlineData("sub\\w.data", null, 16L)]
    [InlineData("sub/../w.data", null, null)]
    public void slices_are_read(string location, long? offset, long? length)
    {
        folder.Write("w.data", Bytes());
        folder.Write("sub/w.data", Bytes());
        Assert.Equal(Weight, TensorValues.ToFloats(Tensor(location, offset, length), folder.Root));
        Assert.Equal(Bytes(), TensorValues.ToRaw(Tensor(location, offset, length), folder.Root));
    }

    [Fact]
    public void a_way_out_and_back_into_the_folder_is_no_escape()
    {
        folder.Write("model/w.data", Bytes());
        Assert.Equal(Weight, TensorValues.ToFloats(Tensor("../model/w.data", null, null), folder.Path("model")));
    }

    [Fact]
    public void offset_counts_from_the_start_and_a_missing_length_means_to_the_end()
    {
        folder.Write("w.data", [9, 9, 9, 9, .. Bytes()]);
        Assert.Equal(Weight, TensorValues.ToFloats(Tensor("w.data", 4, null), folder.Root));
        folder.Write("w.data", [9, 9, 9, 9, .. Bytes(), 9, 9]);
        Assert.Equal(Weight, TensorValues.ToFloats(Tensor("w.data", 4, 16), folder.Root));
        Assert.Equal(
            "tensor 'w': float[2, 2] has 18 bytes of external data where 16 are needed; the file is damaged, export or copy "
            + "it again",
            Error(Tensor("w.data", 4, null)));
    }

    [Fact]
    public void long_tensors_are_read_piece_by_piece()
    {
        var bytes = new byte[300_001];
        new Random(3).NextBytes(bytes);
        folder.Write("w.data", bytes);
        foreach (var (type, count) in new[] { (DataType.Uint8, 300_001), (DataType.Int4, 600_001), (DataType.Float16, 150_000),
            (DataType.Float, 75_000) })
        {
            var length = (count * ElementTypes.Bits((int)type) + 7) / 8;
            var external = TinyModels.ExternalTensor("w", type, [count], "w.data", 0, length);
            var inline = TensorValues.FromRaw("w", type, [count], bytes.AsSpan(0, length));
            Assert.Equal(TensorValues.ToDoubles(inline, null), TensorValues.ToDoubles(external, folder.Root));
        }
    }

    [Theory]
    [InlineData(20L, 16L)]
    [InlineData(4L, 16L)]
    [InlineData(1L, long.MaxValue)]
    [InlineData(long.MaxValue, null)]
    public void bounds_are_checked(long offset, long? length)
    {
        folder.Write("w.data", Bytes());
        Assert.Equal(
            $"tensor 'w': float[2, 2] has its data at {offset} + {length ?? 16} of 'w.data', a file of 16 bytes; "
            + "the file is damaged, export or copy it again",
            Error(Tensor("w.data", offset, length)));
    }

    [Fact]
    public void the_dimensions_cap_what_is_read()
    {
        folder.Write("w.data", Bytes());
        Assert.Contains("has 16 bytes of external data where 4000000000000 are needed", Error(
            TinyModels.ExternalTensor("w", DataType.Float, [1_000_000, 1_000_000], "w.data")), StringComparison.Ordinal);
        Assert.Contains("has 12 bytes of external data where 16 are needed", Error(Tensor("w.data", 0, 12)),
            StringComparison.Ordinal);
        var nonsense = Tensor("w.data", null, null);
        nonsense.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = "-4" });
        Assert.Equal("tensor 'w': external data has offset '-4'; the file is damaged", Error(nonsense));
    }

    [Theory]
    [InlineData("/etc/hostname", "is no path relative to the model's folder")]
    [InlineData("\\\\server\\share", "is no path relative to the model's folder")]
    [InlineData("C:\\weights", "is no path relative to the model's folder")]
    [InlineData("../secret", "leads out of the model's folder")]
    [InlineData("..\\secret", "leads out of the model's folder")]
    [InlineData("sub/../../secret", "leads out of the model's folder")]
    [InlineData("../model-of-another-name/secret", "leads out of the model's folder")]
    [InlineData("..", "leads out of the model's folder")]
    [InlineData(".", "leads out of the model's folder")]
    public void ways_out_of_the_folder_are_refused(string location, string why)
    {
        folder.Write("secret", Bytes());
        folder.Write("model-of-another-name/secret", Bytes());
        folder.Write("model/w.data", Bytes());
        Assert.Equal(
            $"external data '{location}' {why}, which a foreign file could use to read others; copy the data itself into the "
            + "model's folder",
            Error(Tensor(location, null, null), folder.Path("model")));
    }

    [Fact]
    public void symbolic_links_are_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege on Windows");
        folder.Write("secret/w.data", Bytes());
        folder.Write("model/real/w.data", Bytes());
        File.CreateSymbolicLink(folder.Path("model", "out.data"), folder.Path("secret", "w.data"));
        File.CreateSymbolicLink(folder.Path("model", "in.data"), "real/w.data");
        Directory.CreateSymbolicLink(folder.Path("model", "out"), folder.Path("secret"));
        foreach (var location in new[] { "out.data", "in.data", "out/w.data", "real/../out/w.data" })
        {
            Assert.StartsWith(
                $"external data '{location}' is or passes a symbolic link",
                Error(Tensor(location, null, null), folder.Path("model")), StringComparison.Ordinal);
        }
        // The model's own folder may be reached by a link: the user named it.
        Directory.CreateSymbolicLink(folder.Path("alias"), folder.Path("model"));
        Assert.Equal(Weight, TensorValues.ToFloats(Tensor("real/w.data", null, null), folder.Path("alias")));
    }

    [Fact]
    public void second_hard_links_are_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "needs ln");
        folder.Write("secret", Bytes());
        folder.Write("model/w.data", Bytes());
        using (var link = Process.Start("ln", [folder.Path("secret"), folder.Path("model", "hard.data")]))
        {
            link.WaitForExit();
            Assert.Equal(0, link.ExitCode);
        }
        Assert.StartsWith(
            "external data 'hard.data' has another hard link", Error(Tensor("hard.data", null, null), folder.Path("model")),
            StringComparison.Ordinal);
        Assert.Equal(Weight, TensorValues.ToFloats(Tensor("w.data", null, null), folder.Path("model")));
    }

    [Fact]
    public void a_missing_file_is_named_with_the_model()
    {
        var path = folder.Write("model.onnx", ModelFile.Serialize(TinyModels.External("model.onnx.data")));
        Assert.Equal(
            $"{path}: external data 'model.onnx.data' is missing; copy model.onnx.data beside the model",
            Assert.Throws<UserException>(() => Checkpoint.Open(path)).Message);
        Assert.Equal("external data 'model.onnx.data' is missing; copy model.onnx.data beside the model",
            Error(Tensor("model.onnx.data", null, null)));
    }

    [Fact]
    public void an_empty_file_or_no_location_is_refused()
    {
        folder.Write("w.data");
        Assert.Equal("external data 'w.data' is empty; copy it again", Error(Tensor("w.data", null, null)));
        var nowhere = Tensor("w.data", null, null);
        nowhere.ExternalData.Clear();
        Assert.Equal("tensor 'w': lies in external data but names no file; export the model again", Error(nowhere));
        Assert.Equal(
            "tensor 'w': lies in external data, which a model without a folder cannot have; save the model first",
            Assert.Throws<UserException>(() => TensorValues.ToFloats(Tensor("w.data", null, null), null)).Message);
    }

    [Fact]
    public void changed_external_values_become_raw()
    {
        folder.Write("w.data", Bytes());
        var copy = TensorValues.WithDoubles(Tensor("w.data", 0, 16), [1, 0, 2, 0], folder.Root);
        Assert.Equal(TensorValues.FromFloats("w", [2, 2], [1, 0, 2, 0]), copy);
    }

    [Fact]
    public void the_hash_covers_model_and_data()
    {
        var bytes = ModelFile.Serialize(TinyModels.External("w.data"));
        var path = folder.Write("model.onnx", bytes);
        folder.Write("w.data", Bytes());
        var list = $"{Hex(bytes)}\n{Hex(Bytes())}\n";
        Assert.Equal(Hex(Encoding.ASCII.GetBytes(list)), Checkpoint.Open(path).Sha256);
        folder.Write("w.data", [.. Bytes()[..15], 1]);
        Assert.NotEqual(Hex(Encoding.ASCII.GetBytes(list)), Checkpoint.Open(path).Sha256);
    }

    [Fact]
    public void foreign_models_with_external_data_read_as_their_files_have_it()
    {
        var checkpoint = Checkpoint.Open(SharedFiles.Require("models", "control", "dynamo211_mlp_extdata", "model.onnx"));
        var data = File.ReadAllBytes(Path.Combine(checkpoint.Directory, "model.onnx.data"));
        var stored = new StoredTensors(checkpoint.Model, checkpoint.Directory);
        var external = checkpoint.Model.Graph.Initializer.Where(ExternalData.IsExternal).ToArray();
        Assert.Equal(3, external.Length);
        foreach (var tensor in external)
        {
            var offset = int.Parse(tensor.ExternalData.FirstOrDefault(entry => entry.Key == "offset")?.Value ?? "0", null);
            var count = (int)TensorValues.Count(tensor);
            Assert.Equal(MemoryMarshal.Cast<byte, float>(data.AsSpan(offset, 4 * count)).ToArray(), stored.Floats(tensor.Name));
        }
        var missing = SharedFiles.Require("models", "odd", "missing_extdata_fashion_cnn.onnx");
        Assert.StartsWith(
            $"{missing}: external data '", Assert.Throws<UserException>(() => Checkpoint.Open(missing)).Message,
            StringComparison.Ordinal);
    }

    private string Error(TensorProto tensor) => Error(tensor, folder.Root);

    private static string Error(TensorProto tensor, string directory) =>
        Assert.Throws<UserException>(() => TensorValues.ToFloats(tensor, directory)).Message;

    private static TensorProto Tensor(string location, long? offset, long? length) =>
        TinyModels.ExternalTensor("w", DataType.Float, [2, 2], location, offset, length);

    private static byte[] Bytes() => MemoryMarshal.AsBytes(Weight.AsSpan()).ToArray();

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
