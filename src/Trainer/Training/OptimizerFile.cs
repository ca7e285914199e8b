using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Emergence.Checkpoints;

namespace Emergence.Trainer.Training;

/// <summary>
/// <c>ckpt_001.optimizer</c>, beside <c>ckpt_001.onnx</c>: what the optimizer remembers, so that a run goes on as if it had not
/// been interrupted. It names the checkpoint by its hash: beside another one it says nothing.
/// </summary>
internal static class OptimizerFile
{
    /// <summary>What the names of such files end in.</summary>
    public const string Extension = ".optimizer";

    private const string Magic = "emergence-train optimizer 1";

    /// <summary>The file that belongs beside a checkpoint.</summary>
    public static string PathOf(string checkpoint) => Path.ChangeExtension(checkpoint, Extension);

    /// <summary>Writes it, whole or not at all.</summary>
    /// <param name="checkpoint">Path of the checkpoint.</param>
    /// <param name="sha256">Its hash.</param>
    /// <param name="state">What to remember.</param>
    /// <exception cref="UserException">It cannot be written.</exception>
    public static void Write(string checkpoint, string sha256, OptimizerState state) =>
        AtomicFile.Write(PathOf(checkpoint), stream =>
        {
            using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
            writer.Write(Magic);
            writer.Write(sha256);
            writer.Write(state.Optimizer.ToString());
            writer.Write(state.Parameters.Length);
            foreach (var (step, tensors) in state.Parameters)
            {
                writer.Write(step);
                writer.Write(tensors.Length);
                foreach (var tensor in tensors)
                {
                    writer.Write(tensor.Length);
                    writer.Write(MemoryMarshal.AsBytes(tensor.AsSpan()));
                }
            }
        });

    /// <summary>What was remembered with a checkpoint; null if there is no such file, or it belongs to another one.</summary>
    /// <exception cref="UserException">The file cannot be read, or is damaged.</exception>
    public static OptimizerState? Read(Checkpoint checkpoint)
    {
        var path = PathOf(checkpoint.Path);
        if (!File.Exists(path))
            return null;
        try
        {
            using var reader = new BinaryReader(File.OpenRead(path));
            if (reader.ReadString() != Magic)
                throw new InvalidDataException("it does not begin as such a file does");
            return reader.ReadString() == checkpoint.Sha256 ? ReadState(reader) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or FormatException
            or ArgumentException)
        {
            throw new UserException(
                $"{path}: cannot be read as the state of an optimizer ({e.Message}); remove it to start the optimizer afresh", e);
        }
    }

    private static OptimizerState ReadState(BinaryReader reader)
    {
        var optimizer = Enum.Parse<Optimizer>(reader.ReadString());
        var parameters = ImmutableArray.CreateBuilder<Moments>();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var step = reader.ReadInt64();
            var tensors = ImmutableArray.CreateBuilder<float[]>();
            for (var more = reader.ReadInt32(); more > 0; more--)
                tensors.Add(ReadTensor(reader));
            parameters.Add(new Moments(step, tensors.ToImmutable()));
        }
        return reader.BaseStream.Position == reader.BaseStream.Length
            ? new OptimizerState(optimizer, parameters.ToImmutable())
            : throw new InvalidDataException("it goes on where it should end");
    }

    // A length is checked against the file before memory is taken for it.
    private static float[] ReadTensor(BinaryReader reader)
    {
        var length = reader.ReadInt32();
        if (length < 0 || length > (reader.BaseStream.Length - reader.BaseStream.Position) / sizeof(float))
            throw new InvalidDataException("it ends too early");
        var tensor = new float[length];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(tensor.AsSpan()));
        return tensor;
    }
}
