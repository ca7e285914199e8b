using System.Collections.Immutable;
using Emergence.Pages;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>What one experiment has to say, in the order in which it is read.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Text">Paragraphs on what was done.</param>
/// <param name="Figures">Its figures.</param>
/// <param name="Tables">Its tables.</param>
/// <param name="Claims">The paper's statements that it tests.</param>
internal sealed record Chapter(
    string Title, ImmutableArray<string> Text, ImmutableArray<ResultFigure> Figures, ImmutableArray<ResultTable> Tables,
    ImmutableArray<Claim> Claims);

/// <summary>A figure with its place among the files.</summary>
/// <param name="Id">Name of its file, without extension.</param>
/// <param name="Caption">What it shows, in a sentence.</param>
/// <param name="Figure">What is drawn.</param>
internal sealed record ResultFigure(string Id, string Caption, Figure Figure);

/// <summary>A table with its place among the files.</summary>
/// <param name="Id">Name of its file, without extension.</param>
/// <param name="Caption">What it shows, in a sentence.</param>
/// <param name="Headers">Heads of the columns.</param>
/// <param name="Rows">Cells; numbers in invariant culture.</param>
internal sealed record ResultTable(string Id, string Caption, ImmutableArray<string> Headers,
    ImmutableArray<ImmutableArray<string>> Rows);
