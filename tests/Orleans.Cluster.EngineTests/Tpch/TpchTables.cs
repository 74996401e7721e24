using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Tpch;

/// <summary>
/// Eight tables in the form of TPC-H: made here, small and the same each time, or read from the benchmark's own files.
/// </summary>
internal static class TpchTables
{
    /// <summary>Column names and types by table.</summary>
    public static readonly IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Columns =
        new Dictionary<string, IReadOnlyDictionary<string, string>>
        {
            ["region"] = Typed("r_regionkey INTEGER, r_name VARCHAR, r_comment VARCHAR"),
            ["nation"] = Typed("n_nationkey INTEGER, n_name VARCHAR, n_regionkey INTEGER, n_comment VARCHAR"),
            ["supplier"] = Typed(
                "s_suppkey BIGINT, s_name VARCHAR, s_address VARCHAR, s_nationkey INTEGER, s_phone VARCHAR, s_acctbal "
                + "DECIMAL(15.2), s_comment VARCHAR"),
            ["customer"] = Typed(
                "c_custkey BIGINT, c_name VARCHAR, c_address VARCHAR, c_nationkey INTEGER, c_phone VARCHAR, c_acctbal "
                + "DECIMAL(15.2), "
                + "c_mktsegment VARCHAR, c_comment VARCHAR"),
            ["part"] = Typed(
                "p_partkey BIGINT, p_name VARCHAR, p_mfgr VARCHAR, p_brand VARCHAR, p_type VARCHAR, p_size INTEGER, p_container "
                + "VARCHAR, "
                + "p_retailprice DECIMAL(15.2), p_comment VARCHAR"),
            ["partsupp"] = Typed(
                "ps_partkey BIGINT, ps_suppkey BIGINT, ps_availqty BIGINT, ps_supplycost DECIMAL(15.2), ps_comment VARCHAR"),
            ["orders"] = Typed(
                "o_orderkey BIGINT, o_custkey BIGINT, o_orderstatus VARCHAR, o_totalprice DECIMAL(15.2), o_orderdate DATE, "
                + "o_orderpriority VARCHAR, o_clerk VARCHAR, o_shippriority INTEGER, o_comment VARCHAR"),
            ["lineitem"] = Typed(
                "l_orderkey BIGINT, l_partkey BIGINT, l_suppkey BIGINT, l_linenumber BIGINT, l_quantity DECIMAL(15.2), "
                + "l_extendedprice DECIMAL(15.2), l_discount DECIMAL(15.2), l_tax DECIMAL(15.2), l_returnflag VARCHAR, "
                + "l_linestatus VARCHAR, "
                + "l_shipdate DATE, l_commitdate DATE, l_receiptdate DATE, l_shipinstruct VARCHAR, l_shipmode VARCHAR, l_comment "
                + "VARCHAR"),
        };

    /// <summary>The benchmark's own files, which are no part of the repository; null where they are absent.</summary>
    public static string? SharedFolder
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                var data = Path.Combine(folder.FullName, "shared", "data", "tpch-sf0.01");
                if (Directory.Exists(data))
                {
                    return data;
                }
            }

            return null;
        }
    }

    /// <summary>
    /// Makes the tables in a database. Values follow from row numbers alone, with the domains that the queries look for.
    /// </summary>
    public static void Generate(DuckDBConnection database)
    {
        foreach (var statement in Statements)
        {
            database.Execute(statement);
        }
    }

    /// <summary>Reads the benchmark's own files, <c>name.tbl.gz</c>, into a database.</summary>
    public static void Load(DuckDBConnection database, string folder)
    {
        foreach (var (table, columns) in Columns)
        {
            var schema = string.Join(
                ", ", columns.Append(new("_end", "VARCHAR"))
                .Select(c => $"{SqlText.Literal(c.Key)}: {SqlText.Literal(c.Value)}"));
            database.Execute(
                $"CREATE TABLE {table} AS SELECT * EXCLUDE _end FROM read_csv("
                + $"{SqlText.Literal(Path.Combine(folder, table + ".tbl.gz"))}, "
                + $"delim = '|', header = false, quote = '', auto_detect = false, columns = {{{schema}}})");
        }
    }

    // A decimal's comma is written as a point above, so that commas part the columns.
    private static Dictionary<string, string> Typed(string columns) =>
        columns.Split(", ").Select(column => column.Split(' ')).ToDictionary(pair => pair[0], pair => pair[1].Replace('.', ','));

    private static IEnumerable<string> Statements =>
    [
        "CREATE MACRO pick(n, salt, m) AS CAST(hash(n, salt) % m AS BIGINT)",
        "CREATE MACRO word(n, salt, words) AS words[1 + pick(n, salt, len(words))]",
        "CREATE MACRO prose(n, salt) AS concat_ws(' ', word(n, salt || 1, ['special', 'regular', 'final', 'green']), "
            + "word(n, salt || 2, ['Customer', 'packages', 'deposits', 'accounts']), word(n, salt || 3, ['Complaints', "
            + "'requests', 'sleep', 'haggle']))",
        """
        CREATE TABLE region AS SELECT CAST(i AS INTEGER) AS r_regionkey,
          ['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'][i + 1] AS r_name, prose(i, 'r') AS r_comment FROM range(5) t(i)
        """,
        """
        CREATE TABLE nation AS SELECT CAST(i AS INTEGER) AS n_nationkey,
          ['ALGERIA', 'ARGENTINA', 'BRAZIL', 'CANADA', 'EGYPT', 'ETHIOPIA', 'FRANCE', 'GERMANY', 'INDIA', 'INDONESIA', 'IRAN', 'IRAQ', 'JAPAN',
           'JORDAN', 'KENYA', 'MOROCCO', 'MOZAMBIQUE', 'PERU', 'CHINA', 'ROMANIA', 'SAUDI ARABIA', 'VIETNAM', 'RUSSIA', 'UNITED KINGDOM',
           'UNITED STATES'][i + 1] AS n_name,
          CAST([0, 1, 1, 1, 4, 0, 3, 3, 2, 2, 4, 4, 2, 4, 0, 0, 0, 1, 2, 3, 4, 2, 3, 3, 1][i + 1] AS INTEGER) AS n_regionkey,
          prose(i, 'n') AS n_comment FROM range(25) t(i)
        """,
        """
        CREATE TABLE supplier AS SELECT i AS s_suppkey, 'Supplier#' || i AS s_name, 'road ' || pick(i, 'sa', 90) AS s_address,
          CAST(pick(i, 'sn', 25) AS INTEGER) AS s_nationkey, (10 + pick(i, 'sn', 25)) || '-' || pick(i, 'sp', 999) AS s_phone,
          CAST(pick(i, 'sb', 1100000) / 100.0 - 1000 AS DECIMAL(15,2)) AS s_acctbal, prose(i, 's') AS s_comment FROM range(1, 61) t(i)
        """,
        """
        CREATE TABLE customer AS SELECT i AS c_custkey, 'Customer#' || i AS c_name, 'lane ' || pick(i, 'ca', 90) AS c_address,
          CAST(pick(i, 'cn', 25) AS INTEGER) AS c_nationkey, (10 + pick(i, 'cn', 25)) || '-' || pick(i, 'cp', 999) AS c_phone,
          CAST(pick(i, 'cb', 1100000) / 100.0 - 1000 AS DECIMAL(15,2)) AS c_acctbal,
          word(i, 'cs', ['AUTOMOBILE', 'BUILDING', 'FURNITURE', 'HOUSEHOLD', 'MACHINERY']) AS c_mktsegment, prose(i, 'c') AS c_comment
          FROM range(1, 301) t(i)
        """,
        """
        CREATE TABLE part AS SELECT i AS p_partkey,
          word(i, 'p1', ['green', 'forest', 'blush', 'thistle']) || ' ' || word(i, 'p2', ['lace', 'green', 'ivory', 'khaki']) AS p_name,
          'Manufacturer#' || (1 + pick(i, 'pm', 3)) AS p_mfgr, 'Brand#' || (1 + pick(i, 'pm', 3)) || (1 + pick(i, 'pb', 2)) AS p_brand,
          concat_ws(' ', word(i, 't1', ['STANDARD', 'SMALL', 'PROMO', 'ECONOMY']), word(i, 't2', ['ANODIZED', 'BURNISHED', 'POLISHED']),
            word(i, 't3', ['TIN', 'BRASS', 'STEEL'])) AS p_type,
          CAST(1 + pick(i, 'ps', 20) AS INTEGER) AS p_size,
          word(i, 'c1', ['SM', 'MED', 'LG']) || ' ' || word(i, 'c2', ['CASE', 'BOX', 'BAG', 'PKG']) AS p_container,
          CAST(900 + pick(i, 'pr', 10000) / 10.0 AS DECIMAL(15,2)) AS p_retailprice, prose(i, 'p') AS p_comment FROM range(1, 201) t(i)
        """,
        """
        CREATE TABLE partsupp AS SELECT p AS ps_partkey, 1 + (p * 7 + j * 13) % 60 AS ps_suppkey, pick(p * 4 + j, 'pq', 9999) AS ps_availqty,
          CAST(1 + pick(p * 4 + j, 'pc', 99900) / 100.0 AS DECIMAL(15,2)) AS ps_supplycost, prose(p * 4 + j, 'ps') AS ps_comment
          FROM range(1, 201) t(p), range(4) u(j)
        """,
        """
        CREATE TABLE orders AS SELECT i * 4 AS o_orderkey, 1 + pick(i, 'oc', 200) AS o_custkey,
          word(i, 'os', ['F', 'F', 'O', 'O', 'P']) AS o_orderstatus, CAST(900 + pick(i, 'ot', 30000000) / 100.0 AS DECIMAL(15,2)) AS o_totalprice,
          DATE '1992-01-01' + CAST(pick(i, 'od', 2400) AS INTEGER) AS o_orderdate,
          word(i, 'op', ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW']) AS o_orderpriority, 'Clerk#' || pick(i, 'ol', 20) AS o_clerk,
          CAST(0 AS INTEGER) AS o_shippriority, prose(i, 'o') || ' ' || prose(i, 'o2') AS o_comment FROM range(1, 1501) t(i)
        """,
        """
        CREATE TABLE lineitem AS WITH l AS (SELECT *, o_orderkey * 8 + j AS n FROM orders, range(7) t(j) WHERE j <= pick(o_orderkey, 'lj', 7))
          SELECT o_orderkey AS l_orderkey, 1 + pick(n, 'lp', 200) AS l_partkey,
          1 + ((1 + pick(n, 'lp', 200)) * 7 + pick(n, 'ls', 4) * 13) % 60 AS l_suppkey, j + 1 AS l_linenumber,
          CAST(1 + pick(n, 'lq', 50) AS DECIMAL(15,2)) AS l_quantity, CAST(900 + pick(n, 'le', 9000000) / 100.0 AS DECIMAL(15,2)) AS l_extendedprice,
          CAST(pick(n, 'ld', 11) / 100.0 AS DECIMAL(15,2)) AS l_discount, CAST(pick(n, 'lt', 9) / 100.0 AS DECIMAL(15,2)) AS l_tax,
          word(n, 'lr', ['A', 'N', 'R']) AS l_returnflag, word(n, 'lx', ['F', 'O']) AS l_linestatus,
          o_orderdate + CAST(1 + pick(n, 'l1', 121) AS INTEGER) AS l_shipdate, o_orderdate + CAST(30 + pick(n, 'l2', 61) AS INTEGER) AS l_commitdate,
          o_orderdate + CAST(2 + pick(n, 'l3', 151) AS INTEGER) AS l_receiptdate,
          word(n, 'li', ['DELIVER IN PERSON', 'NONE', 'COLLECT COD', 'TAKE BACK RETURN']) AS l_shipinstruct,
          word(n, 'lm', ['AIR', 'REG AIR', 'MAIL', 'SHIP', 'TRUCK', 'RAIL', 'FOB']) AS l_shipmode, prose(n, 'l') AS l_comment FROM l
        """,
    ];
}
