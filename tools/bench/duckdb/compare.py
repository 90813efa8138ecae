"""Asks DuckDB what the two Sheaf programs beside this file were asked, and compares.

usage: pip install duckdb && python compare.py SHEAF DATA tpch|flights

DATA holds the csv files: TPC-H as `tpchgen-cli --format csv` writes it, or those of nycflights13. Outputs of
Sheaf go to a temporary folder. Numbers are compared after rounding to 9 places, everything else exactly.
"""
import csv
import pathlib
import subprocess
import sys
import tempfile

import duckdb

QUESTIONS = {
    "tpch": {
        "q1": "select l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice), sum(l_extendedprice*(1-l_discount)), sum(l_extendedprice*(1-l_discount)*(1+l_tax)), avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*) from lineitem where l_shipdate <= date '1998-09-02' group by all order by all",
        "q3": "select row_number() over () - 1, * from (select l_orderkey, sum(l_extendedprice*(1-l_discount)) r, o_orderdate, o_shippriority from customer, orders, lineitem where c_mktsegment='BUILDING' and c_custkey=o_custkey and l_orderkey=o_orderkey and o_orderdate<date '1995-03-15' and l_shipdate>date '1995-03-15' group by all order by r desc, o_orderdate limit 10)",
        "q5": "select n_name, sum(l_extendedprice*(1-l_discount)) r from customer,orders,lineitem,supplier,nation,region where c_custkey=o_custkey and l_orderkey=o_orderkey and l_suppkey=s_suppkey and c_nationkey=s_nationkey and s_nationkey=n_nationkey and n_regionkey=r_regionkey and r_name='ASIA' and o_orderdate>=date '1994-01-01' and o_orderdate<date '1995-01-01' group by all order by r desc",
        "q6": "select sum(l_extendedprice*l_discount) from lineitem where l_shipdate>=date '1994-01-01' and l_shipdate<date '1995-01-01' and l_discount between 0.05 and 0.07 and l_quantity<24",
        "q18": "select c_name,c_custkey,o_orderkey,o_orderdate,o_totalprice,sum(l_quantity) from customer,orders,lineitem where o_orderkey in (select l_orderkey from lineitem group by l_orderkey having sum(l_quantity)>300) and c_custkey=o_custkey and o_orderkey=l_orderkey group by all order by o_totalprice desc,o_orderdate",
    },
    "flights": {
        "seats": "select manufacturer, sum(seats) s from flights join planes using (tailnum) group by 1 order by s desc, 1",
        "wet": "select f.origin, precip>0 r, avg(dep_delay) from flights f join weather w on f.origin=w.origin and f.year=w.year and f.month=w.month and f.day=w.day and f.hour=w.hour where dep_delay is not null group by 1,2 order by 1,2",
        "unknown": "select dest, count(*) from flights where dest not in (select faa from airports) group by 1 order by 1",
        "planeless": "select a.name, count(*) n from flights f join airlines a using (carrier) where f.tailnum is null or f.tailnum not in (select tailnum from planes) group by 1 order by n desc, 1",
        "age": "select a.name, avg(f.year-p.year) from flights f join planes p using (tailnum) join airlines a using (carrier) where p.year is not null group by 1 order by 1",
        "worst": "select faa, arr_delay, month, day from (select faa, arr_delay, month, day, row_number() over (partition by faa order by arr_delay desc, month, day) k from flights join airports on dest=faa where alt>5000 and arr_delay is not null) where k<=3 order by 1,2,3,4",
        "visits": "select faa, count(f.dest) from airports left join flights f on f.dest=faa group by 1 order by 1",
        "median": "select carrier, median(dep_delay) from flights where dep_delay is not null group by 1 order by 1",
    },
}


def plain(value):
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return round(float(value), 9)
    except (TypeError, ValueError):
        return str(value)


def main(sheaf, data, name):
    here, data = pathlib.Path(__file__).parent, pathlib.Path(data).resolve()
    questions = QUESTIONS[name]
    base = duckdb.connect()
    for file in sorted(data.glob("*.csv")):
        base.execute(f"create table {file.stem} as select * from read_csv('{file}', header=true, nullstr='NA')")
    if name == "tpch":
        for column in ["l_quantity", "l_extendedprice", "l_discount", "l_tax"]:
            base.execute(f"alter table lineitem alter {column} type decimal(15,2)")
    with tempfile.TemporaryDirectory() as folder:
        command = [sheaf, "run", str(here / f"{name}.sheaf")]
        text = (here / f"{name}.sheaf").read_text()
        for relation, file in inputs(text):
            command += ["--input", f"{relation}={data / file}"]
        for question in questions:
            command += ["--output", f"{question}={folder}/{question}.csv"]
        subprocess.run(command, check=True)
        wrong = 0
        for question, query in questions.items():
            theirs = [[plain(v) for v in row] for row in base.execute(query).fetchall()]
            with open(f"{folder}/{question}.csv", newline="") as file:
                ours = [[plain(v) for v in row] for row in list(csv.reader(file))[1:]]
            equal = ours == theirs
            wrong += not equal
            print(question, len(theirs), "rows:", "equal" if equal else "DIFFERENT")
    sys.exit(wrong > 0)


def inputs(text):
    """Name and file of every csv input of a program."""
    for item in text.split("\ninput ")[1:]:
        yield item.split("(")[0].strip(), item.split('csv("')[1].split('"')[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
