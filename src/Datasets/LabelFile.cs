using System.Globalization;
using System.Text;
using Emergence.Checkpoints;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Datasets;

/// <summary>Classes of samples, one for each, counted from 0: an idx or <c>.npy</c> file, or text with one
/// label a line.</summary>
/// <remarks>
/// Text may have a header line. Of several columns (separated by comma, semicolon or tab) the one is read whose header
/// is <c>label</c>, <c>labels</c>, <c>class</c>, <c>target</c> or <c>y</c>.
/// </remarks>
internal static class LabelFile
{
    private static readonly string[] Headers = ["label", "labels", "class", "target", "y"];
    private static readonly char[] Separators = [',', ';', '\t'];

    /// <summary>Reads the labels.</summary>
    /// <exception cref="UserException">The file is missing, of another kind, or holds something other than classes.</exception>
    public static int[] Read(string path) => DataFormats.Of(path) switch
    {
        DataFormat.Idx => FromArray(path, IdxFile.Read(path)),
        DataFormat.Npy => FromArray(path, NpyFile.Read(path)),
        DataFormat.Text => FromText(path),
        _ => throw new UserException($"{path}: is no file of labels; give an idx or .npy file, or text with one label a line"),
    };

    /// <summary>Reads an array as labels: [N] or [N,1] whole numbers, or [N,classes] one-hot rows.</summary>
    /// <exception cref="UserException">It has another shape, or values that are no classes.</exception>
    public static int[] FromArray(string subject, NumericArray array)
    {
        ArgumentNullException.ThrowIfNull(array);
        if (array.Shape.Length is not (1 or 2) || array.Data.IsEmpty)
            throw new UserException(
                $"{subject}: has shape {NumericArray.Describe(array.Shape.AsSpan())}; "
                + "labels are [N], [N,1] or one-hot [N,classes]");
        var values = TensorValues.ToDoubles(
            TensorValues.FromRaw("", (DataType)array.ElementType, [.. array.Shape], array.Data.Span), directory: null);
        var width = array.Shape.Length == 1 ? 1 : array.Shape[1];
        var labels = new int[array.Shape[0]];
        for (var i = 0; i < labels.Length; i++)
        {
            var row = values.AsSpan(i * width, width);
            labels[i] = width == 1 ? Class(row[0]) : OneHot(row);
            if (labels[i] < 0)
                throw new UserException($"{subject}: entry {i} is no class; labels are whole numbers from 0, or one-hot rows");
        }
        return labels;
    }

    private static int Class(double value) => value >= 0 && value <= int.MaxValue && double.IsInteger(value) ? (int)value : -1;

    private static int OneHot(ReadOnlySpan<double> row)
    {
        var hot = row.IndexOf(1.0);
        return hot >= 0 && row.Count(0.0) == row.Length - 1 ? hot : -1;
    }

    private static int[] FromText(string path)
    {
        var labels = new List<int>();
        int? column = null, width = null;
        var number = 0;
        using var stream = DataStream.Open(path);
        foreach (var line in Encoding.UTF8.GetString(stream.ReadAll()).TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            if (Fields(line) is not { } fields)
                throw stream.Error(
                    $"line {number} has a quotation mark without its partner", "close it, or give one label a line");
            width ??= fields.Length;
            if (fields.Length != width)
                throw stream.Error(
                    $"line {number} has {fields.Length} columns where the first has {width}", "give as many in each");
            if (column is null)
            {
                column = fields.Length == 1
                    ? 0
                    : Array.FindIndex(fields, field => Headers.Contains(field, StringComparer.OrdinalIgnoreCase));
                if (column < 0)
                    throw stream.Error("has several columns and none is headed 'label'", "give one label a line");
                if (!fields.All(IsNumber))
                    continue;
            }
            if (column >= fields.Length
                || !int.TryParse(fields[column.Value], NumberStyles.None, CultureInfo.InvariantCulture, out var label))
                throw stream.Error($"line {number} holds no class", "labels are whole numbers from 0");
            labels.Add(label);
        }
        return labels.Count > 0 ? [.. labels] : throw stream.Error("holds no labels", "give one label a line");
    }

    /// <summary>The columns of a line; between quotation marks a separator is text. Null where a mark is not closed.</summary>
    private static string[]? Fields(string line)
    {
        var (fields, field, isQuoted) = (new List<string>(), new StringBuilder(), false);
        foreach (var letter in line)
        {
            if (letter == '"')
                isQuoted = !isQuoted;
            else if (!isQuoted && Separators.Contains(letter))
            {
                fields.Add(field.ToString().Trim());
                field.Clear();
            }
            else
                field.Append(letter);
        }
        return isQuoted ? null : [.. fields, field.ToString().Trim()];
    }

    private static bool IsNumber(string field) => double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
