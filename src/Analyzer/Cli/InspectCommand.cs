using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Reports.Inspection;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Pruning;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Cli;

/// <summary><c>emergence-analyze inspect model.onnx</c>: the layers and edges that were traced.</summary>
internal static class InspectCommand
{
    /// <summary>The command.</summary>
    public static CommandPage Create(Terminal terminal, Worker? worker)
    {
        var model = new Argument<string>("model") { Description = "an ONNX file" };
        var format = TypedOption.Choice(
            "--format", $"form of the answer on stdout [default: {InspectionWriters.All[0].Format}]",
            [.. InspectionWriters.All.Select(writer => (writer.Format, writer))]);
        var dimensions = TypedOption.Sizes("--dim", "size of a free dimension of the inputs; repeatable");
        var includeInput = TypedOption.Flag("--include-input", "count the network's input as a layer");
        var tensors =
            TypedOption.Flag("--tensors", "also show each tensor: its type, the role of each axis, the layers it carries");
        var save = TypedOption.Text("--save-instrumented", "FILE",
            "also write the rewritten graph, with its counters, for a viewer");
        var channels = TypedOption.Flag("--channels",
            "show which nodes can only be cut out together, as prune --shrink does it; table or json");
        var command = new Command("inspect", "Show the layers and edges that were traced.")
        {
            model,
        };
        var limits = new LimitOptions(worker);
        command.SetAction((parsed, token) => UserErrors.ReportAsync(terminal, () =>
        {
            var file = parsed.GetValue(model)!;
            if (!File.Exists(file))
                throw new UsageException(Directory.Exists(file)
                    ? $"{file}: is a directory; name one model"
                    : $"{file}: no such file; {MissingPath.Remedy(file)}");
            var writer = parsed.GetValue(format) ?? InspectionWriters.All[0];
            if (parsed.GetValue(tensors) && !writer.ShowsTensors)
                throw new UsageException(
                    $"--tensors: --format {writer.Format} shows layers and edges only; expected table or json");
            if (parsed.GetValue(channels))
            {
                ShowChannels(file, writer.Format, parsed.GetValue(dimensions), limits.Read(parsed), terminal, token);
                return Task.FromResult(ExitCode.Done);
            }
            var (inspection, failure) = limits.Read(parsed).Run(file, run => LayerInspection.Of(file, new TraceOptions
            {
                Dimensions = parsed.GetValue(dimensions) ?? ImmutableDictionary<string, int>.Empty,
                IncludeInput = parsed.GetValue(includeInput),
                MeasureShapes = Measured(file, run),
            }, parsed.GetValue(tensors)), token);
            if (inspection is null)
                throw new UserException(Messages.WithPath(file, failure!));
            foreach (var diagnostic in inspection.Graph.Diagnostics)
                Messages.WriteDiagnostic(terminal, file, diagnostic);
            if (parsed.GetValue(save) is { } path)
                Save(file, path, inspection.Graph);
            if (writer.Format == "table")
                InspectionTable.Write(inspection, terminal.Output, terminal.OutputWidth);
            else
                writer.Write(inspection, terminal.Output);
            return Task.FromResult(ExitCode.Done);
        }, token));
        return CommandPage.Of(command,
            [
                new("Model", dimensions, includeInput),
                new("Runs", [.. limits.All]),
                new("Output", format, tensors, channels, save),
            ],
            [
                new("emergence-analyze inspect model.onnx", "the layers as a table"),
                new("emergence-analyze inspect model.onnx --format dot | dot -Tsvg > model.svg", "the layers as a drawing"),
            ],
            [.. ExitMeaning.Usual, ExitMeaning.Canceled]);
    }

    private static void ShowChannels(string file, string format, ImmutableDictionary<string, int>? dimensions, Boundary boundary,
        Terminal terminal, CancellationToken token)
    {
        if (format is not ("table" or "json"))
            throw new UsageException($"--format {format}: does not go with --channels; choose table or json");
        var (groups, failure) = boundary.Run(file, run => ChannelGroups.Of(Checkpoint.Open(file), new TraceOptions
        {
            Dimensions = dimensions ?? ImmutableDictionary<string, int>.Empty,
            MeasureShapes = Measured(file, run),
        }), token);
        if (failure is not null)
            throw new UserException(Messages.WithPath(file, failure));
        if (format == "json")
            ChannelGroupsReport.WriteJson(groups, terminal.Output);
        else
            ChannelGroupsReport.WriteTable(groups, terminal.Output);
    }

    private static ShapeMeasurement Measured(string file, CheckpointRun run)
    {
        run.Holds(File.Exists(file) ? new FileInfo(file).Length : 0, 0);
        return ShapeRun.OnRandom(run.Token);
    }

    private static void Save(string file, string path, LayerGraph graph)
    {
        if (Path.GetFullPath(path) == Path.GetFullPath(file))
            throw new UsageException($"--save-instrumented {path}: is the model itself; name another file");
        ModelFile.Save(Measurer.Instrumented(Checkpoint.Open(file), graph), path);
    }
}
