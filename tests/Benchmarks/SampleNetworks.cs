using Emergence.Analyzer.Metrics;

namespace Emergence.Benchmarks;

/// <summary>Well-known networks with random weights and masks: half of the nodes alive, some of the weights zero.</summary>
internal sealed class SampleNetworks(double sparsity)
{
    private readonly Random _random = new(0);

    public float[] Weights(int count)
    {
        var weights = new float[count];
        for (var i = 0; i < count; i++)
            weights[i] = _random.NextDouble() < sparsity ? 0 : 1;
        return weights;
    }

    public LayerActivity[] HalfAlive(IEnumerable<NetworkLayer> layers)
    {
        return [.. layers.Select(layer =>
        {
            var mask = new bool[layer.Nodes];
            for (var i = 0; i < mask.Length; i++)
                mask[i] = _random.Next(2) == 0;
            return LayerActivity.FromMask(layer, mask);
        })];
    }

    /// <summary>The weights of a dense chain, [outputs, inputs] each.</summary>
    public float[][] MlpWeights(params int[] nodes) =>
        [.. Enumerable.Range(1, nodes.Length - 1).Select(i => Weights(nodes[i] * nodes[i - 1]))];

    public static NetworkGraph Mlp(int[] nodes, float[][] weights) => new(
        nodes.Select(count => new NetworkLayer(count)),
        weights.Select((w, i) => NetworkEdge.Dense(i, i + 1, Wiring.Dense<float>(w, nodes[i], nodes[i + 1]))));

    /// <summary>The weights of LeNet-5.</summary>
    public float[][] LeNetWeights() =>
        [Weights(6 * 25), Weights(16 * 6 * 25), Weights(120 * 400), Weights(84 * 120), Weights(10 * 84)];

    /// <summary>LeNet-5 on 28×28 images, the input a layer: convolution, ReLU, pooling, twice; three dense layers.</summary>
    public static NetworkGraph LeNet(float[][] weights)
    {
        var pool1 = ElementMap.Windows(6, new SlidingWindow([28, 28], [2, 2], [2, 2])).Reversed();
        var pool2 = ElementMap.Windows(16, new SlidingWindow([10, 10], [2, 2], [2, 2])).Reversed();
        return new(
            [new(1, 784), new(6, 784), new(16, 100), new(120), new(84), new(10)],
            [
                NetworkEdge.Dense(0, 1,
                    Wiring.Convolution<float>(weights[0], 1, 6, new SlidingWindow([28, 28], [5, 5], pads: [2, 2, 2, 2]))),
                NetworkEdge.Dense(1, 2, Wiring.Convolution<float>(weights[1], 6, 16, new SlidingWindow([14, 14], [5, 5])), pool1),
                NetworkEdge.Dense(2, 3, Wiring.Dense<float>(weights[2], 400, 120), pool2),
                NetworkEdge.Dense(3, 4, Wiring.Dense<float>(weights[3], 120, 84)),
                NetworkEdge.Dense(4, 5, Wiring.Dense<float>(weights[4], 84, 10)),
            ]);
    }

    /// <summary>ResNet-50 on 224×224 images: 11.1 million nodes, 4.1 billion multiply-accumulates.</summary>
    /// <param name="wired">With weights, or for E and E_H only.</param>
    public NetworkGraph ResNet50(bool wired)
    {
        var (layers, edges) = (new List<NetworkLayer>(), new List<NetworkEdge>());
        int Convolution(int from, int inputs, int outputs, int size, int kernel, int stride, ElementMap? map = null)
        {
            var pad = kernel / 2;
            var window = new SlidingWindow([size, size], [kernel, kernel], [stride, stride], [pad, pad, pad, pad]);
            layers.Add(new(outputs, window.OutputPositions));
            var to = layers.Count - 1;
            if (from >= 0)
            {
                edges.Add(wired
                    ? NetworkEdge.Dense(from, to,
                        Wiring.Convolution<float>(Weights(inputs * outputs * kernel * kernel), inputs, outputs, window), map)
                    : NetworkEdge.Dense(from, to));
            }
            return to;
        }

        var stream = Convolution(-1, 3, 64, 224, 7, 2);
        ElementMap? map = ElementMap.Windows(64, new SlidingWindow([112, 112], [3, 3], [2, 2], [1, 1, 1, 1])).Reversed();
        var (channels, side) = (64, 56);
        foreach (var (width, blocks, first) in ((int, int, int)[])[(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)])
        {
            for (var block = 0; block < blocks; block++)
            {
                var stride = block == 0 ? first : 1;
                var skip = block == 0 ? Convolution(stream, channels, 4 * width, side, 1, stride, map) : stream;
                var a = Convolution(stream, channels, width, side, 1, 1, map);
                var b = Convolution(a, width, width, side, 3, stride);
                side /= stride;
                stream = Convolution(b, width, 4 * width, side, 1, 1);
                edges.Add(NetworkEdge.Identity(skip, stream));
                (channels, map) = (4 * width, null);
            }
        }
        layers.Add(new(1000));
        edges.Add(wired
            ? NetworkEdge.Dense(
                stream, layers.Count - 1, Wiring.Dense<float>(Weights(2048 * 1000), 2048, 1000),
                ElementMap.Windows(2048, new SlidingWindow([7, 7], [7, 7])).Reversed())
            : NetworkEdge.Dense(stream, layers.Count - 1));
        return new(layers, edges);
    }
}
