using Emergence.Checkpoints;

namespace Emergence.Analyzer.Gates;

/// <summary>A condition on a result that makes the program end with exit code 3.</summary>
internal abstract record Gate
{
    /// <summary>As the user wrote it.</summary>
    public required string Expression { get; init; }

    /// <summary>Whether it holds only between two checkpoints.</summary>
    public virtual bool NeedsBefore => false;

    /// <summary>Whether it reads a series of at least two checkpoints, which a baseline does not make up for.</summary>
    public virtual bool NeedsSeries => false;
}

/// <summary>A number compared with another.</summary>
internal sealed record NumberGate : Gate
{
    /// <summary>The number.</summary>
    public required GateNumber Number { get; init; }

    /// <summary>Which layers; null for the network.</summary>
    public required Glob? Layers { get; init; }

    /// <summary>Whether its change is meant.</summary>
    public required bool IsChange { get; init; }

    /// <summary>How it is compared.</summary>
    public required string Operator { get; init; }

    /// <summary>With what.</summary>
    public required Exact Limit { get; init; }

    /// <inheritdoc/>
    public override bool NeedsBefore => IsChange;

    /// <summary>Whether a value trips the gate.</summary>
    public bool IsTrippedBy(Exact value)
    {
        var order = value.CompareTo(Limit);
        return Operator switch
        {
            "==" => order == 0,
            "!=" => order != 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            ">=" => order >= 0,
            _ => throw new InvalidOperationException($"'{Operator}' is no operator"),
        };
    }
}

/// <summary>A word compared with another.</summary>
internal sealed record WordGate : Gate
{
    /// <summary>The word.</summary>
    public required GateWord Word { get; init; }

    /// <summary>Whether it trips where the two are equal; else where they differ.</summary>
    public required bool IsEqual { get; init; }

    /// <summary>With what it is compared.</summary>
    public required string Expected { get; init; }

    /// <inheritdoc/>
    public override bool NeedsSeries => Word.Name == "verdict";
}

/// <summary>A gate that cannot be read: what is wrong, and where.</summary>
internal sealed class GateSyntaxException : UserException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="expression">The gate, as the user wrote it.</param>
    /// <param name="position">Index of the character that is wrong.</param>
    /// <param name="finding">Finding and remedy.</param>
    public GateSyntaxException(string expression, int position, string finding)
        : base(FormattableString.Invariant($"--fail-on: column {position + 1}: {finding}")) =>
        (Expression, Position) = (expression, position);

    /// <summary>The gate, as the user wrote it.</summary>
    public string Expression { get; }

    /// <summary>Index of the character that is wrong.</summary>
    public int Position { get; }
}
