using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Onnx;

namespace Emergence.Checkpoints;

/// <summary>
/// What one pruning did to a model. A model carries those of its whole history, oldest first, as a JSON array under the
/// key <c>emergence.pruned</c> of its <c>metadata_props</c>. Training that is to keep what was pruned at zero masks the
/// zeros of <see cref="Tensors"/>.
/// </summary>
public sealed record PruningRecord
{
    /// <summary>The key in <c>metadata_props</c>.</summary>
    public const string Key = "emergence.pruned";

    /// <summary><c>weights</c> (single connections) or <c>nodes</c> (whole features and filters).</summary>
    public required string Structure { get; init; }

    /// <summary>The share that was asked for, in [0, 1).</summary>
    public required double Amount { get; init; }

    /// <summary><c>total</c> (of all candidates) or <c>remaining</c> (of those not yet zero).</summary>
    public required string Of { get; init; }

    /// <summary><c>global</c> or <c>layer</c>.</summary>
    public required string Scope { get; init; }

    /// <summary>What ranked the candidates, as the options of <c>prune</c> name it: <c>l1</c>, <c>l2</c>, <c>activation</c>,
    /// <c>random</c>, <c>wanda</c>, <c>dead</c>; null for weights by magnitude.</summary>
    public string? Norm { get; init; }

    /// <summary>Whether nodes were cut out of the file where that was possible.</summary>
    public bool Shrink { get; init; }

    /// <summary>Number of candidates: weights or nodes.</summary>
    public required long Candidates { get; init; }

    /// <summary>How many of them are zero, or cut out, now.</summary>
    public required long Pruned { get; init; }

    /// <summary>Names of the stored tensors that hold the zeros.</summary>
    public ImmutableArray<string> Tensors { get; init; } = [];

    /// <summary>The share achieved.</summary>
    public double Sparsity => Candidates == 0 ? 0 : (double)Pruned / Candidates;

    /// <summary>The model's history of pruning, oldest first; empty for one never pruned.</summary>
    /// <exception cref="UserException">The entry is not what <see cref="AppendTo"/> writes.</exception>
    public static ImmutableArray<PruningRecord> ReadAll(ModelProto model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.MetadataProps.LastOrDefault(entry => entry.Key == Key)?.Value is not { } text)
            return [];
        try
        {
            using var json = JsonDocument.Parse(text);
            return [.. json.RootElement.EnumerateArray().Select(Read)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            var reason = e is KeyNotFoundException ? "a field is missing" : e.Message;
            throw new UserException(
                $"metadata '{Key}': is no record of pruning ({reason}); correct the model's metadata_props", e);
        }
    }

    /// <summary>Appends this record to the model's history; no other metadata is touched.</summary>
    /// <exception cref="UserException">The history that is there cannot be read.</exception>
    public void AppendTo(ModelProto model)
    {
        var text = Format(ReadAll(model).Add(this));
        if (model.MetadataProps.LastOrDefault(entry => entry.Key == Key) is { } known)
            known.Value = text;
        else
            model.MetadataProps.Add(new StringStringEntryProto { Key = Key, Value = text });
    }

    private static PruningRecord Read(JsonElement record) => new()
    {
        Structure = record.GetProperty("structure").GetString()!,
        Amount = record.GetProperty("amount").GetDouble(),
        Of = record.GetProperty("of").GetString()!,
        Scope = record.GetProperty("scope").GetString()!,
        Norm = record.TryGetProperty("norm", out var norm) ? norm.GetString() : null,
        Shrink = record.TryGetProperty("shrink", out var shrink) && shrink.GetBoolean(),
        Candidates = record.GetProperty("candidates").GetInt64(),
        Pruned = record.GetProperty("pruned").GetInt64(),
        Tensors = [.. record.GetProperty("tensors").EnumerateArray().Select(name => name.GetString()!)],
    };

    private static string Format(ImmutableArray<PruningRecord> records)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var record in records)
                record.Write(json);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("structure", Structure);
        json.WriteNumber("amount", Amount);
        json.WriteString("of", Of);
        json.WriteString("scope", Scope);
        if (Norm is not null)
            json.WriteString("norm", Norm);
        if (Shrink)
            json.WriteBoolean("shrink", true);
        json.WriteNumber("candidates", Candidates);
        json.WriteNumber("pruned", Pruned);
        json.WriteStartArray("tensors");
        foreach (var name in Tensors)
            json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
