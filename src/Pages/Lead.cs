using System.Collections.Immutable;

namespace Emergence.Pages;

/// <summary>What a verdict means for the reader, by which its color is chosen; the words say it too.</summary>
public enum Tone
{
    /// <summary>Nothing is said.</summary>
    None,

    /// <summary>It goes well.</summary>
    Good,

    /// <summary>It goes on.</summary>
    Busy,

    /// <summary>It should be looked at.</summary>
    Warn,

    /// <summary>It failed.</summary>
    Bad,
}

/// <summary>The answer that stands on top of a page.</summary>
/// <param name="Verdict">In a sentence.</param>
/// <param name="Tone">What it means for the reader.</param>
/// <param name="Evidence">What it rests on, a line each.</param>
/// <param name="Cards">A few numbers.</param>
public sealed record Lead(string Verdict, Tone Tone, ImmutableArray<string> Evidence, ImmutableArray<Card> Cards);

/// <summary>A question with its answer.</summary>
/// <param name="Question">In a few words.</param>
/// <param name="Answer">A number, or a word.</param>
/// <param name="Detail">What the number does not say, in a line.</param>
public sealed record Card(string Question, string Answer, string Detail);
