namespace Emergence.Measuring.Probes;

/// <summary>Where the probe came from.</summary>
/// <param name="Name">Data set and split, file name, or <c>random</c>.</param>
/// <param name="Sha256">Hash of the samples as they were fed, lower-case hexadecimal.</param>
/// <param name="Samples">Number of samples.</param>
/// <param name="Seed">Seed of a random probe; null otherwise.</param>
public sealed record ProbeProvenance(string Name, string Sha256, int Samples, int? Seed);
