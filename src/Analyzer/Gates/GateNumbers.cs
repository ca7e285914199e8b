using System.Collections.Immutable;
using System.Numerics;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Gates;

/// <summary>Every number that a gate may name; docs/gates.md lists them, and a test holds it to this list.</summary>
internal static class GateNumbers
{
    private const string NeedsLabels = "the samples have no labels that fit; give --labels, or --data with labels";
    private const string NotRecorded = "the checkpoint does not record it; write it into metadata_props when exporting";
    private const string NotCounted =
        "the largest activations of a series are not counted unless asked for; add --units --out DIR, or --statistic max";
    private const string NothingBefore =
        "nothing comparable was measured before; give two or more checkpoints of one structure on the same samples";

    /// <summary>Of the network.</summary>
    public static ImmutableArray<GateNumber> OfNetwork { get; } =
    [
        new("emergence", "E", subject => Of(subject.Measurement.Emergence)),
        new("emergence_active", "E_H", subject => Of(subject.Measurement.EmergenceActive)),
        new("emergence_wired", "E_w", subject => Of(subject.Measurement.EmergenceWired))
        {
            WhenUnknown = "it was not computed; add --measures wired",
        },
        new("relative_emergence", "E over the non-zero parameters",
            subject => Of(subject.Measurement.Emergence.Over(subject.Checkpoint.ParametersNonzero))),
        new("relative_emergence_all", "E over all parameters",
            subject => Of(subject.Measurement.Emergence.Over(subject.Checkpoint.Parameters))),
        new("layers", "traced layers", subject => Of(subject.Measurement.Layers.Length)) { IsMeasured = false },
        new("dead_layers", "layers that feed another and have no alive node", subject => Of(DeadLayers(subject))),
        new("nodes", "nodes of all layers", subject => Of(subject.Measurement.Nodes)) { IsMeasured = false },
        new("alive", "alive nodes of all layers", subject => Of(subject.Measurement.Alive)),
        new("dead", "the other nodes", subject => Of(subject.Measurement.Nodes - subject.Measurement.Alive)),
        Share("alive_share", "`alive` over `nodes`", subject => (subject.Measurement.Alive, subject.Measurement.Nodes)),
        new("borderline", "nodes whose statistic lies within 1e-4 of θ", subject => Of(subject.Measurement.Borderline)),
        new("not_finite", "nodes with an activation that is NaN or infinite",
            subject => Of(subject.Measurement.NodesNan + subject.Measurement.NodesInf)),
        new("never_fired", "nodes with no activation above θ on any sample", subject => Of(subject.Measurement.NeverFired))
        {
            WhenUnknown = NotCounted,
        },
        new("alive_by_bias", "alive nodes all of whose incoming weights are zero",
            subject => Of(subject.Measurement.AliveByBias)),
        new("woke", "nodes alive now that were dead before", subject => Of(subject.Measurement.Woke))
        {
            WhenUnknown = NothingBefore,
        },
        new("died", "nodes dead now that were alive before", subject => Of(subject.Measurement.Died))
        {
            WhenUnknown = NothingBefore,
        },
        new("accuracy", "accuracy measured on the samples",
            subject => Exact.OfShare(subject.Checkpoint.Accuracy, subject.Checkpoint.Probe.Samples))
        {
            Unit = GateUnit.Share,
            WhenUnknown = NeedsLabels,
        },
        Recorded("train_accuracy", "training accuracy that the checkpoint records", GateUnit.Share,
            checkpoint => checkpoint.TrainAccuracy),
        Recorded("test_accuracy", "test accuracy that it records", GateUnit.Share, checkpoint => checkpoint.TestAccuracy),
        Recorded("train_loss", "training loss that it records", GateUnit.Number, checkpoint => checkpoint.TrainLoss),
        Recorded("test_loss", "test loss that it records", GateUnit.Number, checkpoint => checkpoint.TestLoss),
        Recorded("epoch", "its epoch", GateUnit.Number, checkpoint => checkpoint.Epoch),
        new("parameters", "parameters of the traced layers", subject => Of(subject.Checkpoint.Parameters)) { IsMeasured = false },
        new("parameters_nonzero", "those that are not zero", subject => Of(subject.Checkpoint.ParametersNonzero))
        {
            IsMeasured = false,
        },
        new("weight_change", "how far the parameters moved since the checkpoint before, as in series.csv",
            subject => Exact.Of(subject.Checkpoint.WeightChange))
        {
            Unit = GateUnit.Ratio,
            IsMeasured = false,
            WhenUnknown = NothingBefore,
        },
        new("activation_change", "how far the nodes' statistic moved", subject => Exact.Of(subject.Measurement.ActivationChange))
        {
            Unit = GateUnit.Ratio,
            WhenUnknown = NothingBefore,
        },
    ];

    /// <summary>Of a layer.</summary>
    public static ImmutableArray<GateNumber> OfLayer { get; } =
    [
        new("nodes", "n", subject => Of(subject.Layer!.Nodes)) { IsMeasured = false },
        new("alive", "a", subject => Of(subject.Layer!.Alive)),
        new("dead", "n − a", subject => Of(subject.Layer!.Nodes - subject.Layer.Alive)),
        Share("alive_share", "a / n", subject => (subject.Layer!.Alive, subject.Layer.Nodes)),
        new("multiplicity", "m", subject => Of(subject.Layer!.Multiplicity)) { IsMeasured = false },
        new("alive_multiplicity", "α", subject => Of(subject.Layer!.AliveMultiplicity)),
        new("borderline", "nodes whose statistic lies within 1e-4 of θ", subject => Of(subject.Layer!.Borderline)),
        new("not_finite", "nodes with an activation that is NaN or infinite",
            subject => Of(subject.Layer!.NodesNan + subject.Layer.NodesInf)),
        new("never_fired", "nodes with no activation above θ on any sample", subject => Of(subject.Layer!.NeverFired))
        {
            WhenUnknown = NotCounted,
        },
        new("alive_by_bias", "alive nodes all of whose incoming weights are zero", subject => Of(subject.Layer!.AliveByBias)),
        new("emergence_share", "share of E that starts at its dead nodes; unknown for E = 0",
            subject => Exact.Of(subject.Layer!.EmergenceShare))
        {
            Unit = GateUnit.Share,
        },
        new("slope", "by how much E changes with one more alive node; unknown where none is dead", subject =>
            subject.Layer!.Slope is { } slope ? new Exact(slope.Numerator, slope.Denominator) : null),
        new("woke", "nodes alive now that were dead before", subject => Of(subject.Layer!.Woke))
        {
            WhenUnknown = NothingBefore,
        },
        new("died", "nodes dead now that were alive before", subject => Of(subject.Layer!.Died))
        {
            WhenUnknown = NothingBefore,
        },
        new("parameters", "elements of its stored tensors", subject => Of(subject.Layer!.Parameters)) { IsMeasured = false },
        new("parameters_nonzero", "those that are not zero", subject => Of(subject.Layer!.ParametersNonzero))
        {
            IsMeasured = false,
        },
        new("activation_mean", "mean activation over nodes and samples", subject => Exact.Of(subject.Layer!.ActivationMean)),
        new("activation_max", "largest activation", subject => Exact.Of(subject.Layer!.ActivationMax))
        {
            WhenUnknown = NotCounted,
        },
    ];

    private static GateNumber Share(string name, string meaning, Func<GateSubject, (int Part, int Whole)> of) =>
        new(name, meaning, subject => of(subject) is var (part, whole) && whole > 0 ? new Exact(part, whole) : null)
        {
            Unit = GateUnit.Share,
        };

    private static GateNumber Recorded(string name, string meaning, GateUnit unit, Func<CheckpointResult, double?> of) =>
        new(name, meaning, subject => Exact.Of(of(subject.Checkpoint)))
        {
            Unit = unit,
            IsMeasured = false,
            WhenUnknown = NotRecorded,
        };

    // Logits may lie below θ without harm, so layers that feed no other are not counted; the verdict reads it in the same way.
    private static int DeadLayers(GateSubject subject)
    {
        var sources = subject.Checkpoint.Edges.Select(edge => edge.From).ToHashSet();
        return subject.Measurement.Layers.Count(layer => layer.Alive == 0 && sources.Contains(layer.Index));
    }

    private static Exact? Of(long? value) => value is { } number ? new Exact(new BigInteger(number)) : null;

    private static Exact? Of(EmergenceValue? value) =>
        value is { } exact ? new Exact(exact.Numerator, exact.Denominator) : null;
}
