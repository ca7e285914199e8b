namespace Emergence.Measuring.Settings;

/// <summary>How much ONNX Runtime rewrites a model before it runs it.</summary>
public enum Optimization
{
    /// <summary>What this version of ONNX Runtime does unasked.</summary>
    Default,

    /// <summary>Nothing.</summary>
    None,

    /// <summary>Rewriting that keeps the results: constants are computed, what nobody reads is dropped.</summary>
    Basic,

    /// <summary>All it can.</summary>
    All,
}
