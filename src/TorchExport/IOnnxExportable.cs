namespace Emergence.TorchExport;

/// <summary>A module of your own that says how it is written; what it is made of is written by
/// <see cref="OnnxWriter"/>.</summary>
public interface IOnnxExportable
{
    /// <summary>Writes what the module's <c>forward</c> computes, in inference mode.</summary>
    /// <param name="onnx">Where the nodes go.</param>
    /// <param name="input">Name of the tensor that the module reads.</param>
    /// <returns>Name of the tensor that it gives.</returns>
    string WriteTo(OnnxWriter onnx, string input);
}
