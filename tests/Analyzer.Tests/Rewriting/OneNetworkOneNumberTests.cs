using System.Globalization;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Testing;
using Emergence.Tracing.Networks;
using Onnx;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>
/// No number depends on how a file spells the network (DESIGN 1a): networks are spelled otherwise at random, and nothing moves.
/// <c>EMERGENCE_REWRITES=10</c> tries ten times as many; <c>EMERGENCE_KEEP_REWRITES=folder</c> keeps the models that differ.
/// </summary>
public sealed class OneNetworkOneNumberTests(ITestOutputHelper output, OneNetworkOneNumberTests.DrawnNetworks drawn)
    : IClassFixture<OneNetworkOneNumberTests.DrawnNetworks>
{
    private const int SpellingsOfAKind = 8;
    private const int SpellingsOfANetwork = 40;
    private const int SpellingsOfAFile = 4;

    private static readonly int Times =
        int.TryParse(Environment.GetEnvironmentVariable("EMERGENCE_REWRITES"), CultureInfo.InvariantCulture, out var times)
            ? times : 1;

    private readonly SortedDictionary<string, int> tried = new(StringComparer.Ordinal);
    private readonly List<(int Size, string Text)> failures = [];
    private int spelled;
    private int borderline;

    public static TheoryData<string> Kinds => [.. Rewrite.All.Select(rewrite => rewrite.Kind)];

    public static TheoryData<string> Networks => [.. RandomNetworks.Kinds];

    public static TheoryData<string> Files => [.. SharedModelNames()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void one_rewrite_moves_nothing(string kind)
    {
        var rewrite = Rewrite.All.Single(rewrite => rewrite.Kind == kind);
        var wanted = SpellingsOfAKind * Times;
        for (var seed = 0; spelled < wanted && seed < 40 * wanted; seed++)
            Spell(drawn.Draw(RandomNetworks.Kinds[seed % RandomNetworks.Kinds.Length], seed), [rewrite], seed);
        Assert.True(spelled > 0, $"no network that was drawn has a place for '{kind}'");
        Report();
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void several_rewrites_move_nothing(string network)
    {
        var wanted = SpellingsOfANetwork * Times;
        for (var seed = 0; spelled < wanted && seed < 4 * wanted; seed++)
        {
            var random = new Random(seed);
            Spell(drawn.Draw(network, seed / 4), Several(random), seed);
        }
        Assert.Equal(wanted, spelled);
        Report();
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void models_of_other_exporters_move_nothing(string file)
    {
        var path = SharedFiles.Require(["models", .. file.Split('/')]);
        // Counting the connections of large models takes longer than all the rest.
        var isSmall = new FileInfo(path).Length < 500_000 && !file.StartsWith("vision/", StringComparison.Ordinal);
        var original = new Original(file, RandomNetworks.Numbered(SelfContained(path)), drawn.Folder, isSmall, graph =>
            SharedModels.RandomProbe(graph, samples: 4));
        var wanted = SpellingsOfAFile * Times;
        // Other rewrites for each file.
        var first = file.Sum(letter => letter) * 1000;
        for (var seed = first; spelled < wanted && seed < first + 4 * wanted; seed++)
            Spell(original, Several(new Random(seed)), seed);
        Assert.Equal(wanted, spelled);
        Report();
    }

    private static Rewrite[] Several(Random random) =>
        [.. Enumerable.Range(0, random.Next(3, 9)).Select(_ => Rewrite.All[random.Next(Rewrite.All.Length)]).OrderBy(rewrite =>
            rewrite.Stage)];

    /// <summary>Applies what has a place in the network, in order; nothing, where nothing has.</summary>
    private void Spell(Original original, Rewrite[] rewrites, int seed)
    {
        var draft = original.Draft(new Random(seed));
        Rewrite[] applied = [.. rewrites.Where(rewrite => rewrite.Apply(draft))];
        if (applied.Length == 0)
            return;
        var model = draft.Finish();
        var nodes = seed % 3 == 2 || applied.Any(rewrite => rewrite.OnlyFilters) ? ConvNodes.Filters : ConvNodes.Units;
        var (differences, flips) = original.Compare(model, applied, nodes);
        spelled++;
        borderline += flips > 0 ? 1 : 0;
        foreach (var rewrite in applied)
            tried[rewrite.Kind] = tried.GetValueOrDefault(rewrite.Kind) + 1;
        if (differences.IsEmpty)
            return;
        var kinds = string.Join(", ", applied.Select(rewrite => rewrite.Kind));
        failures.Add((original.Nodes,
            $"{original.Name}, seed {seed} ({kinds}): {string.Join("; ", differences.Take(4))}; {original.Keep(model)}"));
    }

    private void Report()
    {
        output.WriteLine($"{spelled} spellings, {failures.Count} differ, {borderline} with borderline nodes that flip");
        foreach (var (kind, count) in tried)
            output.WriteLine($"{count,5}  {kind}");
        var smallest = failures.OrderBy(failure => failure.Size).Take(3).Select(failure => failure.Text);
        Assert.True(failures.Count == 0,
            $"{failures.Count} of {spelled} spellings differ; the smallest:\n{string.Join('\n', smallest)}");
    }

    /// <summary>A model with all its tensors inside.</summary>
    private static ModelProto SelfContained(string path)
    {
        var checkpoint = Checkpoint.Open(path);
        var model = checkpoint.Model.Clone();
        for (var i = 0; i < model.Graph.Initializer.Count; i++)
        {
            var tensor = model.Graph.Initializer[i];
            if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
                model.Graph.Initializer[i] = TensorValues.FromRaw(
                    tensor.Name, (TensorProto.Types.DataType)tensor.DataType, [.. tensor.Dims],
                        TensorValues.ToRaw(tensor, checkpoint.Directory));
        }
        return model;
    }

    private static IEnumerable<string> SharedModelNames()
    {
        var folder = Path.Combine(SharedFiles.Repository, "..", "shared", "models");
        return Directory.Exists(folder) ? SharedModels.Analysable() : ["any"];
    }

    /// <summary>The networks that were drawn, each measured once for all tests.</summary>
    public sealed class DrawnNetworks : IDisposable
    {
        private readonly Dictionary<(string, int), Original> originals = [];

        internal TemporaryFolder Folder { get; } = new();

        public void Dispose() => Folder.Dispose();

        internal Original Draw(string network, int seed)
        {
            if (!originals.TryGetValue((network, seed), out var original))
            {
                originals.Add((network, seed), original =
                    new Original($"{network}-{seed}", RandomNetworks.Draw(network, seed), Folder, isWired: true));
            }
            return original;
        }
    }
}
