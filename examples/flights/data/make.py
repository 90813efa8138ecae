"""Makes the data of this example from the data set nycflights13 (CC0): its January, and all other tables
as far as January needs them.

    python3 make.py folder-of-nycflights13    (then compress what is large with zstd -19)
"""
import csv
import pathlib
import sys

SOURCE = pathlib.Path(sys.argv[1])


def rows(name):
    with open(SOURCE / f"{name}.csv", newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = next(reader)
        return header, list(reader)


def write(name, header, kept):
    with open(f"{name}.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(kept)


header, flights = rows("flights")
flights = [row for row in flights if row[header.index("month")] == "1"]
write("flights", header, flights)
tails = {row[header.index("tailnum")] for row in flights}

header, planes = rows("planes")
write("planes", header, [row for row in planes if row[header.index("tailnum")] in tails])
header, weather = rows("weather")
write("weather", header, [row for row in weather if row[header.index("month")] == "1"])
for name in ["airlines", "airports"]:
    write(name, *rows(name))
