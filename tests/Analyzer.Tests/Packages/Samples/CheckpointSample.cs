using Emergence.Checkpoints;

namespace Samples;

/// <summary>Prints what a checkpoint records of its training, and its stored tensors.</summary>
public static class CheckpointSample
{
    public static void Run(string file, TextWriter output)
    {
        var checkpoint = Checkpoint.Open(file);
        output.WriteLine($"epoch {checkpoint.Metadata.Epoch}, trained on {checkpoint.Metadata.Dataset}");
        foreach (var tensor in checkpoint.Model.Graph.Initializer)
            output.WriteLine($"{tensor.Name} [{string.Join(", ", tensor.Dims)}] {ElementTypes.NameOf(tensor.DataType)}");
    }
}
