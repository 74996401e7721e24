using System.Text;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Formats.Corpus;

/// <summary>Programs that write tables as delimited text, as their defaults have it.</summary>
internal static class Programs
{
    private static readonly SourceOptions TabSeparated = new() { NullValues = ["", "\\N"] };

    public static IReadOnlyList<DelimitedWriter> All { get; } =
    [
        new() { Program = "pandas" },
        new() { Program = "pandas-index", RowNamesFrom = 0 },
        new() { Program = "pandas-tab", Delimiter = "\t", Extension = "tsv" },
        new() { Program = "pandas-na", Missing = "NA" },
        new() { Program = "data-table-quoted", Quoting = Quoting.All, True = "TRUE", False = "FALSE" },
        new() { Program = "pandas-windows", LineEnd = "\r\n" },
        new() { Program = "pandas-pipe", Delimiter = "|", Extension = "txt" },
        new() { Program = "polars", True = "true", False = "false" },
        new()
        {
            Program = "r-write-csv", Quoting = Quoting.Text, RowNamesFrom = 1, Missing = "NA", True = "TRUE", False = "FALSE",
        },
        new() { Program = "r-write-csv-bare", Quoting = Quoting.Text, Missing = "NA", True = "TRUE", False = "FALSE" },
        new()
        {
            Program = "r-write-csv-na", Quoting = Quoting.Text, Missing = "NA", True = "TRUE", False = "FALSE",
            Options = new SourceOptions { NullValues = ["", "NA"] },
        },
        new()
        {
            Program = "r-write-csv2", Quoting = Quoting.Text, Delimiter = ";", DecimalComma = true, Missing = "NA",
            Options = new SourceOptions { Decimal = ",", NullValues = ["NA"] },
        },
        new()
        {
            Program = "r-write-table", Quoting = Quoting.Text, Delimiter = "\t", RowNamesFrom = 1, NamesRowNames = false,
            Missing = "NA", True = "TRUE", False = "FALSE", Extension = "txt",
        },
        new()
        {
            Program = "r-write-table-space", Quoting = Quoting.Text, Delimiter = " ", RowNamesFrom = 1, NamesRowNames = false,
            Missing = "NA", Extension = "txt", Options = new SourceOptions { Delimiter = " " },
        },
        new() { Program = "readr", Missing = "NA", True = "TRUE", False = "FALSE" },
        new() { Program = "readr-tsv", Delimiter = "\t", Missing = "NA", True = "TRUE", False = "FALSE", Extension = "tsv" },
        new() { Program = "data-table", True = "TRUE", False = "FALSE" },
        new() { Program = "data-table-semicolon", Delimiter = ";", True = "TRUE", False = "FALSE" },
        new() { Program = "excel-utf8", LineEnd = "\r\n", Encoding = new UTF8Encoding(true), True = "TRUE", False = "FALSE" },
        new()
        {
            Program = "excel-german", LineEnd =
                "\r\n", Delimiter = ";", DecimalComma = true, Options = new SourceOptions { Decimal = "," },
        },
        new() { Program = "excel-sep", LineEnd = "\r\n", Delimiter = ";", Before = "sep=;\r\n" },
        new()
        {
            Program = "excel-sep-pipe", LineEnd =
                "\r\n", Delimiter = "|", Before = "sep=|\r\n", Encoding = new UTF8Encoding(true),
        },
        new() { Program = "excel-unicode", LineEnd = "\r\n", Delimiter = "\t", Encoding = Encoding.Unicode, Extension = "txt" },
        new() { Program = "spark", True = "true", False = "false" },
        new() { Program = "postgres-csv", True = "t", False = "f" },
        new()
        {
            Program = "postgres-text", Delimiter = "\t", Quoting = Quoting.None, HasHeader = false, Missing = "\\N",
            True = "true", False = "false", Extension = "txt", Options = TabSeparated with { Quote = "", Header = false },
        },
        new()
        {
            Program = "mysql-batch", Delimiter = "\t", Quoting = Quoting.None, Missing = "NULL", True = "1", False = "0",
            Extension = "txt", Options = new SourceOptions { Quote = "" },
        },
        new()
        {
            Program = "mysql-outfile", Delimiter = "\t", Quoting = Quoting.None, HasHeader = false, Missing = "\\N", True = "1",
            False = "0", Extension = "txt", Options = TabSeparated with { Quote = "", Header = false },
        },
        new()
        {
            Program = "jq-csv", Quoting = Quoting.Text, HasHeader = false, True = "true", False = "false",
            Options = new SourceOptions { Header = false },
        },
        new()
        {
            Program = "jq-tsv", Quoting = Quoting.None, Delimiter = "\t", HasHeader = false, True = "true", False = "false",
            Extension = "tsv", Options = new SourceOptions { Header = false, Quote = "" },
        },
    ];
}
