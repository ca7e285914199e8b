namespace Emergence.Measuring.Settings;

/// <summary>Where a model runs.</summary>
public enum Device
{
    /// <summary>A GPU where one works, else the processor.</summary>
    Auto,

    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU; it is an error where none works.</summary>
    Cuda,
}
