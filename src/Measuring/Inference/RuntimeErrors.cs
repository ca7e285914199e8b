using System.Text.RegularExpressions;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Microsoft.ML.OnnxRuntime;

namespace Emergence.Measuring.Inference;

/// <summary>Puts ONNX Runtime's exceptions in words a user can act on.</summary>
internal static partial class RuntimeErrors
{
    private static readonly (string Finding, string Remedy)[] LoadRemedies =
    [
        ("Unsupported model IR version", "export it with an older onnx package, or update this program"),
        ("under development and support for this is limited", "export it with an older opset"),
        ("No Op registered for", "export it with operators of the ONNX standard, or with another opset"),
        ("is not a registered function/op", "export it with operators of the ONNX standard"),
        ("Could not find an implementation", "convert it to a newer opset or to float32"),
        ("xternal data", "put the model's external data file beside it"),
        ("same node name", "give its nodes unique names"),
    ];

    /// <summary>ONNX Runtime refused a model.</summary>
    public static UserException WhileLoading(string path, OnnxRuntimeException e)
    {
        var message = OneLine(e);
        var remedy = LoadRemedies.FirstOrDefault(entry => message.Contains(entry.Finding, StringComparison.Ordinal)).Remedy;
        return new UserException(
            $"{path}: ONNX Runtime does not take it: {message}; {remedy ?? "check the model with onnx.checker"}", e);
    }

    /// <summary>ONNX Runtime failed on some samples.</summary>
    public static UserException WhileRunning(string path, int start, int count, OnnxRuntimeException e)
    {
        var remedy = DeviceChooser.RemedyOf(e.Message)
            ?? (count > 1
                ? "if a batch size is built into the model, use --batch 1"
                : "check that the probe fits the model (--data, --dim)");
        return new UserException(
            $"{path}: ONNX Runtime failed on samples {start} to {start + count - 1}: {OneLine(e)}; {remedy}", e);
    }

    /// <summary>The message on one line, without ONNX Runtime's error codes and lines of its source.</summary>
    public static string OneLine(Exception e) => CudaPlace().Replace(
        SourceLine().Replace(Prefix().Replace(Whitespace().Replace(e.Message, " "), ""), ""), "").Trim().TrimEnd('.');

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();

    [GeneratedRegex(@"^\s*\[ErrorCode:\w+\]\s*(Load model from .*? failed:)?\s*")]
    private static partial Regex Prefix();

    // " ; GPU=0 ; hostname=vm ; file=/onnxruntime_src/…/cudnn_common.cc ; line=31 ; expr=cudnnCreateTensorDescriptor(&tensor_); "
    [GeneratedRegex(@"\s*;\s*GPU=\d+ ; hostname=.*$")]
    private static partial Regex CudaPlace();

    // "/onnxruntime_src/core/graph/model.cc:256 onnxruntime::Model::Model(onnx::ModelProto&&) "
    [GeneratedRegex(@"\S+\.(cc|cpp|cu|h):\d+ ([^()]*\([^()]*\)( const)?|\w+) ")]
    private static partial Regex SourceLine();
}
