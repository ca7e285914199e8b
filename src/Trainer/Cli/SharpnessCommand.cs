using System.CommandLine;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Trainer.Curvature;
using Emergence.Trainer.Native;
using TorchSharp;

namespace Emergence.Trainer.Cli;

/// <summary><c>emergence-train sharpness</c>: eigenvalues and trace of the loss's Hessian at checkpoints.</summary>
internal static class SharpnessCommand
{
    public static CommandPage Create(Terminal terminal)
    {
        var command = new Command("sharpness",
            "Measures the curvature of the loss at checkpoints: its Hessian's largest eigenvalues, the smallest, its trace.");
        var options = new SharpnessOptions();
        command.Arguments.Add(options.Checkpoints);
        command.SetAction((parsed, token) =>
            Commands.ReportAsync(terminal, () => RunAsync(options, parsed, terminal, token), token));
        return CommandPage.Of(command, options.Groups,
            [
                new("emergence-train sharpness runs/mlp/ckpt_005.onnx --samples 1024",
                    "the largest eigenvalue, with its residual"),
                new("emergence-train sharpness runs/mlp --split train --top 5 --format csv > sharpness.csv",
                    "five of them at each checkpoint of a run, over training samples"),
            ],
            [.. ExitMeaning.Usual, ExitMeaning.Canceled]);
    }

    private static Task RunAsync(SharpnessOptions options, ParseResult parsed, Terminal terminal, CancellationToken token)
    {
        var (files, settings) = (options.ReadFiles(parsed), options.ReadSettings(parsed));
        TorchNative.EnsureLoaded();
        torch.set_num_threads(options.ReadThreads(parsed));
        var measured = new List<Sharpness>();
        foreach (var file in files)
        {
            var checkpoint = Checkpoint.Open(file);
            var (set, preprocessing) = options.ReadSamples(parsed, checkpoint, terminal.WriteNote, token);
            var sharpness = Sharpness.Of(checkpoint, set, preprocessing, settings, token);
            foreach (var (value, residual) in sharpness.Top.Where(top => top.Residual > settings.Tolerance * Math.Abs(top.Value)))
                terminal.WriteWarning(string.Create(CultureInfo.InvariantCulture,
                    $"{file}: an eigenvalue of {value:G6} has a residual of {residual:G3} after {settings.Iterations} steps; "
                    + $"give more --iterations"));
            measured.Add(sharpness);
        }
        terminal.WriteAnswer(SharpnessReport.Render(measured, settings, options.ReadFormat(parsed)).TrimEnd('\n'));
        return Task.CompletedTask;
    }
}
