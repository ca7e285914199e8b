using System.Buffers.Binary;
using System.Text;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Trainer.Cli;

namespace Emergence.Trainer.Tests;

/// <summary>A folder of its own for a test, with a small data set in it and the program to run there.</summary>
internal sealed class Workspace : IDisposable
{
    private const int TrainCount = 200, TestCount = 50, Side = 28, Classes = 10;

    public Workspace()
    {
        Directory.CreateDirectory(Data);
        Write("train", TrainCount, seed: 1);
        Write("t10k", TestCount, seed: 2);
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("emergence-test-").FullName;

    /// <summary>Holds a set of 200 and 50 images in MNIST's format.</summary>
    public string Data => Path.Combine(Root, "data");

    public string Folder(string name) => Path.Combine(Root, name);

    /// <summary>Runs <c>emergence-train train</c> on the small set, on one thread.</summary>
    public ProgramRun Train(string output, params string[] options) =>
        Run(["train", "--dataset", "mnist", "--data-dir", Data, "--threads", "1", "--out", Folder(output), .. options]);

    /// <summary>Runs the program.</summary>
    public static ProgramRun Run(IReadOnlyList<string> args, StringWriter? error = null, int? width = null,
        CancellationToken token = default)
    {
        using var output = new MemoryStream();
        error ??= new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(output, error, width, TimeProvider.System);
        var code = Commands.RunAsync(args, terminal, token).GetAwaiter().GetResult();
        return new ProgramRun(code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }

    /// <summary>Names of the files in a folder, in order.</summary>
    public string[] Files(string folder) =>
        [.. Directory.GetFiles(Folder(folder)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public byte[] Bytes(string folder, string file) => File.ReadAllBytes(Path.Combine(Folder(folder), file));

    public Checkpoint Open(string folder, int epoch) =>
        Checkpoint.Open(Path.Combine(Folder(folder), $"ckpt_{epoch:000}.onnx"));

    public void Dispose() => Directory.Delete(Root, recursive: true);

    // A class is a bright row at its own height, under noise.
    private void Write(string split, int count, int seed)
    {
        var random = new Random(seed);
        var images = new byte[16 + count * Side * Side];
        Header(images, 3, count, Side, Side);
        var labels = new byte[8 + count];
        Header(labels, 1, count);
        random.NextBytes(images.AsSpan(16));
        for (var i = 0; i < count; i++)
        {
            labels[8 + i] = (byte)(i % Classes);
            images.AsSpan(16 + i * Side * Side + (2 * (i % Classes) + 3) * Side, Side).Fill(255);
        }
        File.WriteAllBytes(Path.Combine(Data, $"{split}-images-idx3-ubyte"), images);
        File.WriteAllBytes(Path.Combine(Data, $"{split}-labels-idx1-ubyte"), labels);
    }

    private static void Header(Span<byte> file, byte rank, params ReadOnlySpan<int> sizes)
    {
        (file[2], file[3]) = (8, rank);
        for (var i = 0; i < sizes.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(file[(4 + 4 * i)..], sizes[i]);
    }
}

/// <summary>What a run of the program gave.</summary>
internal sealed record ProgramRun(int Code, string Output, string Error);
