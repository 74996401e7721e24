namespace Orleans.Cluster.EngineTests.Tpch;

/// <summary>
/// Twenty-two questions of a trading business, of the same shapes as those of TPC-H: joins of two to eight tables, subqueries of
/// every kind, groups, first rows. Each orders its rows fully, so that results can be compared row by row.
/// </summary>
internal static class TpchQueries
{
    public static string Text(int number) => All[number - 1];

    private static readonly string[] All =
    [
        // 1: what was billed and shipped until a day.
        """
        SELECT l_returnflag, l_linestatus, count(*) AS lines, sum(l_quantity) AS quantity, sum(l_extendedprice) AS gross,
          sum(l_extendedprice * (1 - l_discount)) AS net, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS charged,
          avg(l_quantity) AS mean_quantity, avg(l_extendedprice) AS mean_price, avg(l_discount) AS mean_discount
        FROM lineitem WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL 75 DAY GROUP BY ALL ORDER BY l_returnflag, l_linestatus
        """,
        // 2: who of a region sells a part at the region's lowest cost.
        """
        SELECT s.s_acctbal, s.s_name, n.n_name, p.p_partkey, p.p_mfgr, s.s_phone
        FROM part p JOIN partsupp ps ON p.p_partkey = ps.ps_partkey JOIN supplier s ON s.s_suppkey = ps.ps_suppkey
          JOIN nation n ON s.s_nationkey = n.n_nationkey JOIN region r ON n.n_regionkey = r.r_regionkey
        WHERE p.p_size IN (5, 12, 15) AND p.p_type LIKE '%BRASS' AND r.r_name = 'EUROPE'
          AND ps.ps_supplycost = (SELECT min(cheap.ps_supplycost) FROM partsupp cheap, supplier, nation, region
            WHERE p.p_partkey = cheap.ps_partkey AND s_suppkey = cheap.ps_suppkey AND s_nationkey = n_nationkey
              AND n_regionkey = r_regionkey AND r_name = 'EUROPE')
        ORDER BY s.s_acctbal DESC, n.n_name, s.s_name, p.p_partkey LIMIT 100
        """,
        // 3: the ten largest orders that were not shipped by a day.
        """
        SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
        FROM customer, orders, lineitem
        WHERE c_mktsegment = 'MACHINERY' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
          AND o_orderdate < DATE '1995-03-20' AND l_shipdate > DATE '1995-03-20'
        GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate, l_orderkey LIMIT 10
        """,
        // 4: orders of a quarter with a line that came late, by priority.
        """
        SELECT o_orderpriority, count(*) AS late FROM orders
        WHERE o_orderdate >= DATE '1993-10-01' AND o_orderdate < DATE '1993-10-01' + INTERVAL 3 MONTH
          AND EXISTS (SELECT * FROM lineitem WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate)
        GROUP BY o_orderpriority ORDER BY o_orderpriority
        """,
        // 5: revenue within one region, where customer and supplier share a nation.
        """
        SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue
        FROM customer JOIN orders ON c_custkey = o_custkey JOIN lineitem ON l_orderkey = o_orderkey
          JOIN supplier ON l_suppkey = s_suppkey AND c_nationkey = s_nationkey JOIN nation ON s_nationkey = n_nationkey
          JOIN region ON n_regionkey = r_regionkey
        WHERE r_name = 'AMERICA' AND o_orderdate BETWEEN DATE '1993-01-01' AND DATE '1996-12-31'
        GROUP BY n_name ORDER BY revenue DESC, n_name
        """,
        // 6: what would have come in without small discounts.
        """
        SELECT sum(l_extendedprice * l_discount) AS gain FROM lineitem
        WHERE l_shipdate >= DATE '1995-01-01' AND l_shipdate < DATE '1996-01-01' AND l_discount BETWEEN 0.04 AND 0.06 AND l_quantity < 25
        """,
        // 7: trade between two nations by year.
        """
        SELECT seller, buyer, year, sum(volume) AS revenue FROM (
          SELECT a.n_name AS seller, b.n_name AS buyer, extract(year FROM l_shipdate) AS year, l_extendedprice * (1 - l_discount) AS volume
          FROM supplier, lineitem, orders, customer, nation a, nation b
          WHERE s_suppkey = l_suppkey AND o_orderkey = l_orderkey AND c_custkey = o_custkey AND s_nationkey = a.n_nationkey
            AND c_nationkey = b.n_nationkey AND ((a.n_name = 'FRANCE' AND b.n_name = 'UNITED STATES') OR (a.n_name = 'UNITED STATES' AND b.n_name = 'FRANCE'))
            AND l_shipdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31') AS trade
        GROUP BY seller, buyer, year ORDER BY seller, buyer, year
        """,
        // 8: a nation's share of a region's market for one type of part.
        """
        SELECT o_year, sum(CASE WHEN nation = 'BRAZIL' THEN volume ELSE 0 END) / sum(volume) AS share FROM (
          SELECT year(o_orderdate) AS o_year, l_extendedprice * (1 - l_discount) AS volume, home.n_name AS nation
          FROM part, supplier, lineitem, orders, customer, nation AS away, nation AS home, region
          WHERE p_partkey = l_partkey AND s_suppkey = l_suppkey AND l_orderkey = o_orderkey AND o_custkey = c_custkey
            AND c_nationkey = away.n_nationkey AND away.n_regionkey = r_regionkey AND r_name = 'AMERICA' AND s_nationkey = home.n_nationkey
            AND o_orderdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31' AND p_type LIKE 'ECONOMY%') AS market
        GROUP BY o_year ORDER BY o_year
        """,
        // 9: profit on green parts by nation and year.
        """
        SELECT nation, o_year, sum(amount) AS profit FROM (
          SELECT n_name AS nation, extract(year FROM o_orderdate) AS o_year,
            l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity AS amount
          FROM part, supplier, lineitem, partsupp, orders, nation
          WHERE s_suppkey = l_suppkey AND ps_suppkey = l_suppkey AND ps_partkey = l_partkey AND p_partkey = l_partkey
            AND o_orderkey = l_orderkey AND s_nationkey = n_nationkey AND p_name LIKE '%green%') AS profit
        GROUP BY nation, o_year ORDER BY nation, o_year DESC
        """,
        // 10: customers who sent back most in a quarter.
        """
        SELECT c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) AS lost, c_acctbal, n_name, c_address, c_phone, c_comment
        FROM customer, orders, lineitem, nation
        WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND o_orderdate >= DATE '1994-01-01'
          AND o_orderdate < DATE '1994-01-01' + INTERVAL 3 MONTH AND l_returnflag = 'R' AND c_nationkey = n_nationkey
        GROUP BY c_custkey, c_name, c_acctbal, c_phone, n_name, c_address, c_comment ORDER BY lost DESC, c_custkey LIMIT 20
        """,
        // 11: the most valuable stock of a nation.
        """
        SELECT ps_partkey, sum(ps_supplycost * ps_availqty) AS worth FROM partsupp, supplier, nation
        WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name IN ('FRANCE', 'EGYPT') GROUP BY ps_partkey
        HAVING sum(ps_supplycost * ps_availqty) > (SELECT sum(ps_supplycost * ps_availqty) * 0.002 FROM partsupp, supplier, nation
          WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name IN ('FRANCE', 'EGYPT'))
        ORDER BY worth DESC, ps_partkey
        """,
        // 12: whether cheap ways of shipping make important orders late.
        """
        SELECT l_shipmode, sum(CASE WHEN o_orderpriority IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END) AS high,
          count(*) FILTER (WHERE o_orderpriority NOT IN ('1-URGENT', '2-HIGH')) AS low
        FROM orders JOIN lineitem ON o_orderkey = l_orderkey
        WHERE l_shipmode IN ('MAIL', 'RAIL') AND l_commitdate < l_receiptdate AND l_shipdate < l_commitdate
          AND l_receiptdate >= DATE '1994-01-01' AND l_receiptdate < DATE '1995-01-01'
        GROUP BY l_shipmode ORDER BY l_shipmode
        """,
        // 13: how many customers have how many orders.
        """
        SELECT orders_each, count(*) AS customers FROM (
          SELECT c_custkey, count(o_orderkey) AS orders_each
          FROM customer LEFT JOIN orders ON c_custkey = o_custkey AND o_comment NOT LIKE '%special%requests%' GROUP BY c_custkey) AS counted
        GROUP BY orders_each ORDER BY customers DESC, orders_each DESC
        """,
        // 14: the share of promoted parts in a month's revenue.
        """
        SELECT 100.00 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END)
          / sum(l_extendedprice * (1 - l_discount)) AS share
        FROM lineitem, part WHERE l_partkey = p_partkey AND l_shipdate >= DATE '1995-10-01' AND l_shipdate < DATE '1995-11-01'
        """,
        // 15: the supplier with the most revenue of a quarter.
        """
        WITH earned(supplier_no, total) AS (
          SELECT l_suppkey, sum(l_extendedprice * (1 - l_discount)) FROM lineitem
          WHERE l_shipdate >= DATE '1996-04-01' AND l_shipdate < DATE '1996-04-01' + INTERVAL 3 MONTH GROUP BY l_suppkey)
        SELECT s_suppkey, s_name, s_address, s_phone, total FROM supplier JOIN earned ON s_suppkey = supplier_no
        WHERE total = (SELECT max(total) FROM earned) ORDER BY s_suppkey
        """,
        // 16: how many suppliers without complaints offer parts of some sizes.
        """
        SELECT p_brand, p_type, p_size, count(DISTINCT ps_suppkey) AS suppliers FROM partsupp, part
        WHERE p_partkey = ps_partkey AND p_brand <> 'Brand#21' AND p_type NOT LIKE 'PROMO%' AND p_size IN (3, 9, 14, 19, 23, 36, 45, 49)
          AND ps_suppkey NOT IN (SELECT s_suppkey FROM supplier WHERE s_comment LIKE '%Customer%Complaints%')
        GROUP BY p_brand, p_type, p_size ORDER BY suppliers DESC, p_brand, p_type, p_size
        """,
        // 17: revenue of small orders of a brand, by the year.
        """
        SELECT sum(l_extendedprice) / 7.0 AS a_year FROM lineitem, part
        WHERE p_partkey = l_partkey AND p_brand = 'Brand#12'
          AND l_quantity < (SELECT 0.3 * avg(l_quantity) FROM lineitem WHERE l_partkey = p_partkey)
        """,
        // 18: customers with orders of a large quantity.
        """
        SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) AS quantity FROM customer, orders, lineitem
        WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING sum(l_quantity) > 210)
          AND c_custkey = o_custkey AND o_orderkey = l_orderkey
        GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice ORDER BY o_totalprice DESC, o_orderdate, o_orderkey LIMIT 100
        """,
        // 19: revenue of parts chosen by three sets of conditions.
        """
        SELECT sum(l_extendedprice * (1 - l_discount)) AS revenue FROM lineitem, part
        WHERE (p_partkey = l_partkey AND p_brand = 'Brand#12' AND p_container IN ('SM CASE', 'SM BOX', 'SM PKG')
            AND l_quantity BETWEEN 1 AND 15 AND p_size BETWEEN 1 AND 15 AND l_shipmode IN ('AIR', 'REG AIR') AND l_shipinstruct = 'DELIVER IN PERSON')
          OR (p_partkey = l_partkey AND p_brand = 'Brand#22' AND p_container IN ('MED BAG', 'MED BOX', 'MED PKG')
            AND l_quantity BETWEEN 8 AND 30 AND p_size BETWEEN 1 AND 18 AND l_shipmode IN ('AIR', 'REG AIR') AND l_shipinstruct = 'DELIVER IN PERSON')
          OR (p_partkey = l_partkey AND p_brand = 'Brand#31' AND p_container IN ('LG CASE', 'LG BOX', 'LG PKG')
            AND l_quantity BETWEEN 20 AND 45 AND p_size BETWEEN 1 AND 20 AND l_shipmode IN ('AIR', 'REG AIR') AND l_shipinstruct = 'DELIVER IN PERSON')
        """,
        // 20: suppliers of a nation with more stock of a kind of part than half a year's sales.
        """
        SELECT s_name, s_address FROM supplier, nation
        WHERE s_suppkey IN (SELECT ps_suppkey FROM partsupp
            WHERE ps_partkey IN (SELECT p_partkey FROM part WHERE p_name LIKE 'forest%')
              AND ps_availqty > (SELECT 0.5 * sum(l_quantity) FROM lineitem WHERE l_partkey = ps_partkey AND l_suppkey = ps_suppkey
                AND l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1994-01-01' + INTERVAL 1 YEAR))
          AND s_nationkey = n_nationkey AND n_regionkey = 1 ORDER BY s_name
        """,
        // 21: suppliers who alone kept an order waiting.
        """
        SELECT s_name, count(*) AS waits FROM supplier, lineitem l1, orders, nation
        WHERE s_suppkey = l1.l_suppkey AND o_orderkey = l1.l_orderkey AND o_orderstatus = 'F' AND l1.l_receiptdate > l1.l_commitdate
          AND EXISTS (SELECT * FROM lineitem l2 WHERE l2.l_orderkey = l1.l_orderkey AND l2.l_suppkey <> l1.l_suppkey)
          AND NOT EXISTS (SELECT * FROM lineitem l3 WHERE l3.l_orderkey = l1.l_orderkey AND l3.l_suppkey <> l1.l_suppkey
            AND l3.l_receiptdate > l3.l_commitdate)
          AND s_nationkey = n_nationkey AND n_regionkey = 4
        GROUP BY s_name ORDER BY waits DESC, s_name LIMIT 100
        """,
        // 22: customers with money but without orders, by country code.
        """
        SELECT code, count(*) AS customers, sum(c_acctbal) AS money FROM (
          SELECT substring(c_phone FROM 1 FOR 2) AS code, c_acctbal FROM customer
          WHERE substring(c_phone FROM 1 FOR 2) IN ('13', '31', '23', '29', '30', '18', '17')
            AND c_acctbal > (SELECT avg(c_acctbal) FROM customer WHERE c_acctbal > 0.00
              AND substring(c_phone FROM 1 FOR 2) IN ('13', '31', '23', '29', '30', '18', '17'))
            AND NOT EXISTS (SELECT * FROM orders WHERE o_custkey = c_custkey)) AS idle
        GROUP BY code ORDER BY code
        """,
    ];
}
