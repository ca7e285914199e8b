using System.Globalization;
using System.Security.Cryptography;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Reduction;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Inference;
using Google.Protobuf;
using Onnx;

namespace Emergence.Analyzer.Cli;

/// <summary>One call of <c>reduce</c>.</summary>
/// <param name="file">The model.</param>
/// <param name="place">Where the small one goes.</param>
/// <param name="match">What the command must say; null for anything.</param>
/// <param name="command">The command.</param>
/// <param name="boundary">Keeps a model that ends the runtime from ending the reduction.</param>
/// <param name="terminal">What the user sees.</param>
/// <param name="quiet">Whether progress is silenced.</param>
internal sealed class Reduce(
    string file, string place, string? match, FailingCommand command, Boundary boundary, Terminal terminal, bool quiet)
{
    private readonly HashSet<string> tried = [];
    private CommandEnd last = new(null, "");

    /// <summary>Reduces, writes and reports.</summary>
    /// <returns>The exit code.</returns>
    public int Run(CancellationToken token)
    {
        var checkpoint = Checkpoint.Open(file);
        if (Path.GetFullPath(place) == Path.GetFullPath(file))
            throw new UsageException($"--out {place}: is the model itself; name another file");
        var original = command.Run(file, token);
        if (original.Code == 0)
            throw new UserException($"{file}: the command does not fail on it; nothing to reduce");
        if (match is not null && !original.Output.Contains(match, StringComparison.Ordinal))
            throw new UserException($"{file}: the command fails, but does not say '{match}'; check --match");
        var folder = Directory.CreateTempSubdirectory("emergence-reduce-");
        try
        {
            return Run(checkpoint, original, folder.FullName, token);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private int Run(Checkpoint checkpoint, CommandEnd original, string folder, CancellationToken token)
    {
        using var line = quiet || terminal.ErrorWidth is null ? null : new ProgressLine(terminal) { KnowsEnd = false };
        var candidate = Path.Combine(folder, Path.GetFileName(file));
        var whole = Stored(checkpoint);
        var smallest = whole.Graph.Node.Count;
        bool Fails(ModelProto model)
        {
            var bytes = ModelFile.Serialize(model);
            if (!tried.Add(Convert.ToHexString(SHA256.HashData(bytes))))
                return false;
            File.WriteAllBytes(candidate, bytes);
            var end = command.Run(candidate, token);
            line?.Report(new AnalysisProgress("", 0, 0, 0, 0,
                string.Create(CultureInfo.InvariantCulture, $"{smallest} nodes left after {command.Runs} runs of the command")));
            if (end.Code != original.Code || (match is not null && !end.Output.Contains(match, StringComparison.Ordinal)))
                return false;
            (last, smallest) = (end, model.Graph.Node.Count);
            return true;
        }
        if (!Fails(whole))
        {
            throw new UserException(
                $"{file}: the command no longer fails once the model is written again in another folder; it cannot be reduced");
        }
        var reducer = new ModelReducer(Types(checkpoint, token), Fails);
        try
        {
            var reduced = reducer.Reduce(whole);
            line?.Wipe();
            ModelFile.Save(reduced, place);
            Report(checkpoint, original, reduced, reducer.KeptValues);
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested && reducer.Smallest is { } best)
        {
            line?.Wipe();
            ModelFile.Save(best, place);
            terminal.WriteError($"canceled; {place}: the smallest by now, {Nodes(best)}");
            return ExitCode.Canceled;
        }
    }

    // The runtime may be what the model breaks.
    private IReadOnlyDictionary<string, ValueInfoProto> Types(Checkpoint checkpoint, CancellationToken token) =>
        boundary.Run(file, _ => TensorTypes.Of(checkpoint), token).Value ?? TensorTypes.Declared(checkpoint.Model.Graph);

    /// <summary>The model with its external data inside: what is left of it shall be one file.</summary>
    private static ModelProto Stored(Checkpoint checkpoint)
    {
        var model = checkpoint.Model.Clone();
        foreach (var tensor in model.AllTensors().Where(ExternalData.IsExternal))
        {
            tensor.RawData = UnsafeByteOperations.UnsafeWrap(TensorValues.ToRaw(tensor, checkpoint.Directory));
            tensor.ExternalData.Clear();
            tensor.ClearDataLocation();
        }
        return model;
    }

    private void Report(Checkpoint checkpoint, CommandEnd original, ModelProto reduced, int keptValues)
    {
        terminal.WriteAnswer(string.Create(CultureInfo.InvariantCulture,
            $"{file}: {Nodes(checkpoint.Model)}, {checkpoint.Bytes} bytes; {original.Text}: {Printable.Of(original.LastLine)}"));
        terminal.WriteAnswer(string.Create(CultureInfo.InvariantCulture,
            $"{place}: {Nodes(reduced)}, {new FileInfo(place).Length} bytes; {last.Text}: {Printable.Of(last.LastLine)}"));
        var operators = reduced.Graph.Node.GroupBy(node => node.OpType).OrderByDescending(nodes => nodes.Count())
            .Select(nodes => nodes.Count() == 1 ? nodes.Key : $"{nodes.Key} × {nodes.Count()}");
        terminal.WriteAnswer($"operators: {Printable.Of(string.Join(", ", operators))}; "
            + keptValues switch
            {
                0 => "all weights are zero",
                1 => "1 weight tensor keeps its values, which the fault needs",
                _ => $"{keptValues} weight tensors keep their values, which the fault needs",
            }
            + string.Create(CultureInfo.InvariantCulture, $"; {command.Runs} runs of the command"));
        if (match is null && Fault(original) != Fault(last))
        {
            terminal.WriteWarning(
                "the command ends with the same code, but its last line is another: if it is another fault, say "
                + "with --match what it must say");
        }
    }

    // Without names and numbers, which change with the model.
    private static string Fault(CommandEnd end) =>
        new([.. end.LastLine[(end.LastLine.LastIndexOf(": ", StringComparison.Ordinal) + 1)..].Where(char.IsLetter)]);

    private static string Nodes(ModelProto model) => model.Graph.Node.Count == 1
        ? "1 node" : string.Create(CultureInfo.InvariantCulture, $"{model.Graph.Node.Count} nodes");
}
