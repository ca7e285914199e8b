using System.Collections.Immutable;
using Emergence.Analyzer.Reduction;
using Emergence.Analyzer.Tests.Rewriting;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;

namespace Emergence.Analyzer.Tests.Reduction;

public class ModelReducerTests
{
    [Fact]
    public void Nothing_that_is_left_can_be_taken_away_alone()
    {
        var random = new Random(1);
        for (var trial = 0; trial < 300; trial++)
        {
            ImmutableArray<int> items = [.. Enumerable.Range(0, random.Next(1, 40))];
            var needed = items.Where(_ => random.Next(6) == 0).ToHashSet();
            // One of two items may stand for the other, so that there are several smallest sets.
            var (one, other) = (random.Next(items.Length), random.Next(items.Length));
            bool Holds(ImmutableArray<int> left) =>
                needed.IsSubsetOf(left) && (left.Contains(one) || left.Contains(other));

            var left = ModelReducer.Minimize(items, Holds);
            Assert.True(Holds(left));
            Assert.All(left, item => Assert.False(Holds(left.Remove(item))));
            Assert.Equal(left.Order(), left);
        }
    }

    [Fact]
    public void Everything_goes_where_nothing_is_needed() => Assert.Empty(ModelReducer.Minimize([1, 2, 3], _ => true));

    [Fact]
    public void Any_part_of_a_network_is_a_model_that_loads()
    {
        var random = new Random(2);
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            for (var seed = 0; seed < 60; seed++)
            {
                ModelFile.Save(RandomNetworks.Draw(RandomNetworks.Kinds[seed % RandomNetworks.Kinds.Length], seed), file);
                var whole = Checkpoint.Open(file);
                var graph = whole.Model.Graph;
                var nodes = graph.Node.Where(_ => random.Next(3) > 0).ToArray();
                var part = new PartialModel(whole.Model, TensorTypes.Of(whole)).Of(
                    nodes, [.. graph.Output.Select(output => output.Name)]);
                Assert.Equal(nodes.Length == 0, part is null);
                if (part is null)
                    continue;
                // Without what the file declares, only what the runtime infers as it loads the model is known.
                part.Graph.ValueInfo.Clear();
                ModelFile.Save(part, file);
                var known = TensorTypes.Of(Checkpoint.Open(file));
                Assert.All(nodes.SelectMany(node => node.Output).Where(output => output.Length > 0),
                    output => Assert.Contains(output, known.Keys));
            }
        }
        finally
        {
            File.Delete(file);
        }
    }
}
