using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>One piece of an experiment's work: what it makes lies in a folder, and need not be made twice.</summary>
/// <param name="Folder">Where it leaves its files, relative to the experiment's; with '/' between names.</param>
internal abstract record Step(string Folder)
{
    private string? key;

    /// <summary>Hash of everything that shapes the result, what its inputs hashed to included: equal keys,
    /// equal results.</summary>
    public string Key => key ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', Inputs.Select(input => input.Key).Prepend(Description)))));

    /// <summary>What is done, with every setting; the same text for the same work.</summary>
    public abstract string Description { get; }

    /// <summary>What is done, for a person.</summary>
    public abstract string Title { get; }

    /// <summary>Name of the file in <see cref="Folder"/> that tells how far the step is.</summary>
    public abstract string Marker { get; }

    /// <summary>What two steps cannot share: folder and marker.</summary>
    public string Place => $"{Folder}/{Marker}";

    /// <summary>The program, with its version, that does the work, and the data it reads: what another one made, or of others, is
    /// not taken for its.</summary>
    public abstract string Worker(Workbench bench);

    /// <summary>Steps that must be done first.</summary>
    public abstract ImmutableArray<Step> Inputs { get; }

    /// <summary>About how long it takes, relative to other steps: one epoch of MNIST through an MLP is about 1.</summary>
    public abstract double Cost { get; }

    /// <summary>Does the work. What an earlier attempt of the same key left is there; whatever else was there is not.</summary>
    /// <param name="bench">Where, and what with.</param>
    /// <param name="progress">Receives how far the step is, where that is known.</param>
    /// <param name="token">Stops the work.</param>
    public abstract Task RunAsync(Workbench bench, IProgress<StepShare> progress, CancellationToken token);

    /// <summary>Removes what an earlier step of another key, or a broken attempt, left.</summary>
    public abstract void Clear(Workbench bench);
}
