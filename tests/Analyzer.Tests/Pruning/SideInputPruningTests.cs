using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Pruning;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>A layer that is read by an input that usually is a constant keeps its channels: its reader
/// could not lose the same ones.</summary>
public sealed class SideInputPruningTests : PruningTests
{
    private static readonly Dictionary<string, Func<TinyModel, TinyModel>> Cases = new()
    {
        ["slope of PRelu"] = model => model.Node("PRelu", "h s", "a"),
        ["scale of a normalization"] = model =>
            model.Longs("flat", 6)
                .Node("Reshape", "s flat", "g")
                .Weight("shift", 6)
                .Node("InstanceNormalization", "h g shift", "a"),
        ["shift of a normalization"] = model =>
            model.Longs("flat", 6)
                .Node("Reshape", "s flat", "g")
                .Weight("scale", 6)
                .Node("InstanceNormalization", "h scale g", "a"),
        ["bias of a convolution"] = model =>
            model.Longs("flat", 6).Node("Reshape", "s flat", "g").Weight("k", 6, 6, 1, 1).Node("Conv", "h k g", "a"),
        ["bias of a transposed convolution"] = model =>
            model.Longs("flat", 6).Node("Reshape", "s flat", "g").Weight("k", 6, 6, 1, 1).Node("ConvTranspose", "h k g", "a"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void the_cut_file_runs_and_computes_what_zeroing_does(string name)
    {
        var tiny = new TinyModel(16).Input("x", [1, 3, 4, 4]).Weight("w", 6, 3, 1, 1).Node("Conv", "x w", "h")
            .Node("GlobalAveragePool", "x", "p").Weight("v", 6, 3, 1, 1).Node("Conv", "p v", "s");
        tiny = Cases[name](tiny).Weight("u", 2, 6, 1, 1).Node("Conv", "a u", "y").Output("y", [1, 2, 4, 4]);
        var zeroing =
            new PruneOptions { Amount = 0.5, Structure = PruneStructure.Nodes, Scope = PruneScope.Layer, KeepOutput = true };
        AssertSame(Open(tiny.Proto), zeroing, zeroing with { Shrink = true });
    }
}
