using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Onnx;

namespace Emergence.Checkpoints;

/// <summary>
/// What a checkpoint says of itself, in the model's <c>metadata_props</c> under keys <c>emergence.*</c>. Every value is
/// optional; other keys are left alone.
/// </summary>
public sealed record CheckpointMetadata
{
    /// <summary><c>emergence.epoch</c>: epochs trained; 0 for initial weights.</summary>
    public int? Epoch { get; init; }

    /// <summary><c>emergence.seed</c>: seed of weights and shuffling.</summary>
    public long? Seed { get; init; }

    /// <summary><c>emergence.dataset</c>: name of the training data set.</summary>
    public string? Dataset { get; init; }

    /// <summary><c>emergence.split</c>: the part of it to probe with.</summary>
    public string? Split { get; init; }

    /// <summary><c>emergence.dataset_sha256</c>: hash of that part, lower hex.</summary>
    public string? DatasetSha256 { get; init; }

    /// <summary><c>emergence.scale</c>: factor of the preprocessing <c>(x · scale − mean) / std</c>.</summary>
    public float? Scale { get; init; }

    /// <summary><c>emergence.mean</c>: subtracted after scaling; one value, or one per channel,
    /// comma-separated; empty if absent.</summary>
    public ImmutableArray<float> Mean { get; init; } = [];

    /// <summary><c>emergence.std</c>: divided by at the end; one value, or one per channel,
    /// comma-separated; empty if absent.</summary>
    public ImmutableArray<float> Std { get; init; } = [];

    /// <summary><c>emergence.train_loss</c>: mean loss over the training data.</summary>
    public double? TrainLoss { get; init; }

    /// <summary><c>emergence.test_loss</c>: mean loss over the test data.</summary>
    public double? TestLoss { get; init; }

    /// <summary><c>emergence.train_accuracy</c>: share of training samples classified rightly, 0 to 1.</summary>
    public double? TrainAccuracy { get; init; }

    /// <summary><c>emergence.test_accuracy</c>: share of test samples classified rightly, 0 to 1.</summary>
    public double? TestAccuracy { get; init; }

    /// <summary><c>emergence.network</c>: kind of network (mlp, lenet, cnn, vit).</summary>
    public string? Network { get; init; }

    /// <summary><c>emergence.hidden</c>: sizes of the hidden layers, as <c>128,64</c>; <c>none</c> for a linear model.</summary>
    public string? Hidden { get; init; }

    /// <summary><c>emergence.activation</c>: activation function of the hidden layers.</summary>
    public string? Activation { get; init; }

    /// <summary><c>emergence.init</c>: how the initial weights were drawn.</summary>
    public string? Initialization { get; init; }

    /// <summary><c>emergence.optimizer</c>: sgd or adam.</summary>
    public string? Optimizer { get; init; }

    /// <summary><c>emergence.lr</c>: learning rate.</summary>
    public double? LearningRate { get; init; }

    /// <summary><c>emergence.momentum</c>: momentum of the optimizer.</summary>
    public double? Momentum { get; init; }

    /// <summary><c>emergence.batch_size</c>: samples per step of training.</summary>
    public int? BatchSize { get; init; }

    /// <summary><c>emergence.labels</c>: <c>random:SEED</c> where the labels of training samples were drawn at random.</summary>
    public string? Labels { get; init; }

    /// <summary><c>emergence.inputs</c>: <c>random:SEED</c> where training images were noise.</summary>
    public string? Inputs { get; init; }

    /// <summary>Reads a model's metadata; of repeated keys the last counts.</summary>
    /// <exception cref="UserException">A number is not written as one; the message names the key.</exception>
    public static CheckpointMetadata Read(ModelProto model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in model.MetadataProps)
            entries[entry.Key] = entry.Value;
        return new CheckpointMetadata
        {
            Epoch = Number<int>(entries, "epoch"),
            Seed = Number<long>(entries, "seed"),
            Dataset = Text(entries, "dataset"),
            Split = Text(entries, "split"),
            DatasetSha256 = Text(entries, "dataset_sha256"),
            Scale = Number<float>(entries, "scale"),
            Mean = List(entries, "mean"),
            Std = List(entries, "std"),
            TrainLoss = Number<double>(entries, "train_loss"),
            TestLoss = Number<double>(entries, "test_loss"),
            TrainAccuracy = Number<double>(entries, "train_accuracy"),
            TestAccuracy = Number<double>(entries, "test_accuracy"),
            Network = Text(entries, "network"),
            Hidden = Text(entries, "hidden"),
            Activation = Text(entries, "activation"),
            Initialization = Text(entries, "init"),
            Optimizer = Text(entries, "optimizer"),
            LearningRate = Number<double>(entries, "lr"),
            Momentum = Number<double>(entries, "momentum"),
            BatchSize = Number<int>(entries, "batch_size"),
            Labels = Text(entries, "labels"),
            Inputs = Text(entries, "inputs"),
        };
    }

    /// <summary>
    /// Writes every value into the model's metadata and removes the keys of those that are absent, so that
    /// <see cref="Read"/> gives this record back. Numbers are written in their shortest form that reads back the same.
    /// </summary>
    public void WriteTo(ModelProto model)
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach (var (name, value) in Entries())
            Set(model, Prefix + name, value);
    }

    /// <summary>Removes what a model records of its loss and accuracy: they are those of another network
    /// once its weights are changed.</summary>
    public static void RemoveScores(ModelProto model)
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach (var name in (string[])["train_loss", "test_loss", "train_accuracy", "test_accuracy"])
            Set(model, Prefix + name, null);
    }

    private const string Prefix = "emergence.";

    private (string Name, string? Value)[] Entries() =>
    [
        ("epoch", Format(Epoch)), ("seed", Format(Seed)), ("dataset", Dataset), ("split", Split),
        ("dataset_sha256", DatasetSha256), ("scale", Format(Scale)), ("mean", Format(Mean)), ("std", Format(Std)),
        ("train_loss", Format(TrainLoss)), ("test_loss", Format(TestLoss)), ("train_accuracy", Format(TrainAccuracy)),
        ("test_accuracy", Format(TestAccuracy)), ("network", Network), ("hidden", Hidden), ("activation", Activation),
        ("init", Initialization), ("optimizer", Optimizer), ("lr", Format(LearningRate)), ("momentum", Format(Momentum)),
        ("batch_size", Format(BatchSize)), ("labels", Labels), ("inputs", Inputs),
    ];

    private static void Set(ModelProto model, string key, string? value)
    {
        var kept = value is null;
        for (var i = model.MetadataProps.Count - 1; i >= 0; i--)
        {
            if (model.MetadataProps[i].Key != key)
                continue;
            if (kept)
            {
                model.MetadataProps.RemoveAt(i);
                continue;
            }
            model.MetadataProps[i].Value = value;
            kept = true;
        }
        if (!kept)
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    private static string? Format<T>(T? value) where T : struct,
        IFormattable => value?.ToString(null, CultureInfo.InvariantCulture);

    private static string? Text(Dictionary<string, string> entries, string name) => entries.GetValueOrDefault(Prefix + name);

    private static string? Format(ImmutableArray<float> values) =>
        values.IsDefaultOrEmpty ? null : string.Join(',', values.Select(value => Format((float?)value)));

    private static T? Number<T>(Dictionary<string, string> entries, string name) where T : struct, INumber<T> =>
        Text(entries, name) is { } text ? Parse<T>(text, name) : null;

    private static ImmutableArray<float> List(Dictionary<string, string> entries, string name) =>
        Text(entries, name) is { } text ? [.. text.Split(',').Select(part => Parse<float>(part, name))] : [];

    private static T Parse<T>(string text, string name) where T : INumber<T> =>
        T.TryParse(text, Style<T>(), CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new UserException($"metadata '{Prefix}{name}': '{text}' is not a number; correct the model's metadata_props");

    private static NumberStyles Style<T>() =>
        typeof(T) == typeof(int) || typeof(T) == typeof(long) ? NumberStyles.AllowLeadingSign : NumberStyles.Float;
}
