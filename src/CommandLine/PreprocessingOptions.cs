using System.Collections.Immutable;
using System.CommandLine;

namespace Emergence.CommandLine;

/// <summary>How stored values become a network's inputs: <c>(x · scale − mean) / std</c>.</summary>
public static class PreprocessingOptions
{
    /// <summary><c>--scale</c>.</summary>
    /// <param name="byDefault">What applies where it is not given, as help says it.</param>
    public static Option<float> Scale(string byDefault) => TypedOption.Number<float>(
        "--scale", $"inputs are (x · scale − mean) / std [default: {byDefault}]", x => x != 0, "a finite number other than 0");

    /// <summary><c>--mean</c>.</summary>
    /// <param name="byDefault">What applies where it is not given, as help says it.</param>
    public static Option<ImmutableArray<float>> Mean(string byDefault) => TypedOption.Numbers(
        "--mean", $"one for all channels, or one each [default: {byDefault}]", _ => true, "a finite number");

    /// <summary><c>--std</c>.</summary>
    /// <param name="byDefault">What applies where it is not given, as help says it.</param>
    public static Option<ImmutableArray<float>> Std(string byDefault) => TypedOption.Numbers(
        "--std", $"one for all channels, or one each [default: {byDefault}]", x => x > 0, "a finite number above 0");
}
