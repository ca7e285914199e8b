using System.Globalization;

namespace Emergence.Trainer.Training;

/// <summary>How the network stood when a checkpoint was written: a row of <c>train.csv</c>.</summary>
/// <param name="Epoch">Epochs trained so far; 0 for the initial weights.</param>
/// <param name="LearningRate">Of this epoch.</param>
/// <param name="Train">Over all training samples, with the weights in the checkpoint.</param>
/// <param name="Test">Over the test split, in the same way.</param>
/// <param name="Running">Over the training samples as the epoch met them, while the weights moved; null for epoch 0.</param>
internal sealed record EpochRecord(int Epoch, double LearningRate, Score Train, Score Test, Score? Running)
{
    /// <summary>Names of the columns. Times are left out: a run repeated gives the same file.</summary>
    public const string CsvHeader = "epoch,lr,train_loss,train_accuracy,test_loss,test_accuracy,running_loss,running_accuracy";

    /// <summary>Reads a row that <see cref="ToCsv"/> wrote.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static EpochRecord Parse(string row)
    {
        var fields = row.Split(',');
        if (fields.Length != 8)
            throw new FormatException($"'{row}' has {fields.Length} fields instead of 8");
        return new EpochRecord(
            int.Parse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture),
            Number(fields[1]),
            new Score(Number(fields[2]), Number(fields[3])),
            new Score(Number(fields[4]), Number(fields[5])),
            fields[6].Length == 0 ? null : new Score(Number(fields[6]), Number(fields[7])));

        static double Number(string field) => double.Parse(field, NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    /// <summary>The row, without its end of line.</summary>
    public string ToCsv() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Epoch},{LearningRate},{Train.Loss},{Train.Accuracy},{Test.Loss},{Test.Accuracy},{Running?.Loss},{Running?.Accuracy}");
}
