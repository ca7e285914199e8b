using System.Text.Json;

namespace Emergence.Pages;

/// <summary>A chart of a page. What is drawn is said here; how, by the page's script, under <see cref="Kind"/>.</summary>
/// <param name="Title">What it shows, in a few words; its accessible name. May be empty.</param>
public abstract record Chart(string Title)
{
    /// <summary>The entry of <c>charts</c> in the page's script.</summary>
    internal abstract string Kind { get; }

    /// <summary>Writes what the script reads, as members of an object.</summary>
    internal abstract void WriteMembers(Utf8JsonWriter json);
}
