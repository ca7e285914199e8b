namespace Emergence.Measuring.Probes;

/// <summary>A part of a data set.</summary>
public enum DataSplit
{
    /// <summary>The samples that are not trained on.</summary>
    Test,

    /// <summary>The samples that are.</summary>
    Train,
}
