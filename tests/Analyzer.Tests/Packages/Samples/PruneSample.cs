using Emergence.Checkpoints;
using Emergence.Pruning;

namespace Samples;

/// <summary>Cuts the weaker half of a model's hidden nodes out of it and saves the smaller model.</summary>
public static class PruneSample
{
    public static void Run(string file, string smaller, TextWriter output)
    {
        var checkpoint = Checkpoint.Open(file);
        var options = new PruneOptions { Amount = 0.5, Structure = PruneStructure.Nodes, KeepOutput = true, Shrink = true };
        var pruned = Pruner.Prune(checkpoint, options);
        PrunedFile.Save(pruned.Model, checkpoint.Directory, smaller);
        foreach (var layer in pruned.Layers)
            output.WriteLine($"{layer.Name}: {layer.UnitsCut} of {layer.Units} nodes cut out");
    }
}
