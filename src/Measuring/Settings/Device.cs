using System.Collections.Immutable;
using System.Globalization;

namespace Emergence.Measuring.Settings;

/// <summary>Where a model runs: <c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c> or an execution provider.</summary>
public sealed record Device
{
    /// <summary>What the names of ONNX Runtime's own execution providers end with.</summary>
    internal const string ProviderSuffix = "ExecutionProvider";

    /// <summary>What may be written.</summary>
    public const string Expected = "expected auto, cpu, cuda, cuda:N or an execution provider, as in TensorrtExecutionProvider";

    private Device(string name, ImmutableArray<int> numbers)
    {
        Name = name;
        Numbers = numbers;
    }

    /// <summary>A GPU where one works, else the processor.</summary>
    public static Device Auto { get; } = new("auto", []);

    /// <summary>The processor.</summary>
    public static Device Cpu { get; } = new("cpu", []);

    /// <summary>The first NVIDIA GPU; it is an error where it does not work.</summary>
    public static Device Cuda { get; } = new("cuda", []);

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c>, or the name of an execution provider.</summary>
    public string Name { get; }

    /// <summary>Which devices of that kind, from 0; empty: the first.</summary>
    public ImmutableArray<int> Numbers { get; }

    /// <summary>Whether it is an execution provider that is named as ONNX Runtime does.</summary>
    internal bool IsProvider => this != Auto && this != Cpu && Name != Cuda.Name;

    /// <summary>Whether the name is one that ONNX Runtime itself could have, and not only a library of the user's.</summary>
    public bool HasKnownName => !IsProvider || Name.EndsWith(ProviderSuffix, StringComparison.Ordinal);

    /// <summary>The device of a number of this kind.</summary>
    internal Device Number(int number) => new(Name, [number]);

    /// <summary>Reads a device as it is written on the command line and in results.</summary>
    /// <exception cref="FormatException">It is not of the form NAME or NAME:N[,M].</exception>
    public static Device Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        if (name.Length == 0 || !char.IsAsciiLetter(name[0])
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
            throw new FormatException($"'{text}': {Expected}");
        name = name switch
        {
            "CPU" + ProviderSuffix => Cpu.Name,
            "CUDA" + ProviderSuffix => Cuda.Name,
            _ => name,
        };
        if (colon < 0)
            return new Device(name, []);
        if (name == Auto.Name || name == Cpu.Name)
            throw new FormatException($"'{text}': {name} takes no number; give one to cuda, as in cuda:0");
        ImmutableArray<int> numbers = [.. text[(colon + 1)..].Split(',').Select(part => ReadNumber(text, part))];
        return numbers.Distinct().Count() == numbers.Length
            ? new Device(name, numbers)
            : throw new FormatException($"'{text}' names one device twice");
    }

    /// <inheritdoc/>
    public override string ToString() => Numbers.IsEmpty ? Name : $"{Name}:{string.Join(',', Numbers)}";

    /// <summary>Whether both are written alike.</summary>
    public bool Equals(Device? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static int ReadNumber(string text, string part) =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"'{text}': '{part}' is not the number of a device, as in cuda:0 or cuda:0,1");
}
