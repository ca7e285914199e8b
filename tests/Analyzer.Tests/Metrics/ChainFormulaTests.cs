using System.Numerics;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>The paper's formula for chains, as printed.</summary>
public sealed class ChainFormulaTests
{
    [Fact]
    public void The_printed_formula_equals_the_measure_on_1000_random_chains()
    {
        var random = new Random(1);
        for (var k = 0; k < 1000; k++)
        {
            var convolutional = k % 2 == 1;
            var layers = new NetworkLayer[random.Next(1, 12)];
            for (var i = 0; i < layers.Length; i++)
                layers[i] = new(random.Next(1, 600), convolutional && random.Next(3) > 0 ? random.Next(1, 800) : 1);
            int[] alive = [.. layers.Select(layer => random.Next(layer.Nodes + 1))];

            // MLP: the product runs over n_k. CNN: over the filters, m_k. For a dense layer they are the same.
            int[] n = [.. layers.Select(layer => layer.Nodes)];
            int[] m = [.. layers.Select(layer => convolutional ? layer.Channels : layer.Nodes)];
            Assert.Equal(Printed(n, alive, m), MeasureCatalog.Emergence.Of(NetworkGraph.Chain(layers), alive).Numerator);
        }
    }

    // E = Σ_{i=1}^{N−1} Σ_{j=i+1}^{N} (n_i − a_i) · a_j · Π_{k=i+1}^{j−1} m_k
    private static BigInteger Printed(int[] n, int[] a, int[] m)
    {
        var sum = BigInteger.Zero;
        for (var i = 1; i <= n.Length - 1; i++)
        {
            for (var j = i + 1; j <= n.Length; j++)
            {
                var product = (BigInteger)(n[i - 1] - a[i - 1]) * a[j - 1];
                for (var k = i + 1; k <= j - 1; k++)
                    product *= m[k - 1];
                sum += product;
            }
        }
        return sum;
    }
}
