"""Makes the files of this folder, without Sheaf: from ../data, with the standard library of Python.

    python3 expected.py     (needs the command zstd)
"""
import csv
import io
import json
import subprocess
from collections import Counter, defaultdict


def read(name):
    data = "../data/" + name
    if name.endswith(".zst"):
        text = subprocess.run(["zstd", "-dcq", data], check=True, capture_output=True).stdout.decode()
    else:
        text = open(data, encoding="utf-8").read()
    return list(csv.DictReader(io.StringIO(text)))


def write(name, header, rows):
    with open(name + ".csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_json(name, rows):
    with open(name + ".ndjson", "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, separators=(",", ":")) + "\n")


def most(counter):
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


def mean(numbers):
    return sum(numbers) / len(numbers)  # of integers: exact, rounded once


airlines = {row["carrier"]: row["name"] for row in read("airlines.csv")}
airports = {row["faa"] for row in read("airports.csv.zst")}
makers = {row["tailnum"]: row["manufacturer"] for row in read("planes.csv.zst")}
rain = {(row["origin"], row["time_hour"]): float(row["precip"]) > 0 for row in read("weather.csv.zst")}
flights = read("flights.csv.zst")
assert len(flights) == 27004
left = [row for row in flights if row["dep_delay"] != "NA"]

late = defaultdict(list)
for row in left:
    late[airlines[row["carrier"]]].append(int(row["dep_delay"]))
rows = sorted(((name, mean(delays)) for name, delays in late.items()), key=lambda row: (-row[1], row[0]))
write("mean_delay", ["carrier", "mean_delay"], rows)

cancelled = Counter(airlines[row["carrier"]] for row in flights if row["dep_delay"] == "NA")
write("cancelled", ["carrier", "cancelled"], most(cancelled))

write("departures", ["hour", "departures"], most(Counter(int(row["hour"]) for row in flights)))

built = Counter(
    "no tail number" if row["tailnum"] == "NA" else makers.get(row["tailnum"], "not in the list")
    for row in flights
)
write("built", ["manufacturer", "built"], most(built))

delays = defaultdict(list)
for row in left:
    place = (row["origin"], row["time_hour"])
    if place in rain:
        delays[rain[place]].append(int(row["dep_delay"]))
rows = [(str(wet).lower(), mean(numbers)) for wet, numbers in sorted(delays.items())]
write("delay_by_rain", ["rain", "delay_by_rain"], rows)

longest = defaultdict(list)
for row in left:
    longest[row["carrier"]].append([int(row[name]) for name in ["dep_delay", "day", "flight"]])
write_json(
    "longest",
    [{"carrier": c, "longest": sorted(all, reverse=True)[:3]} for c, all in sorted(longest.items())],
)


def single(pairs):
    by = defaultdict(set)
    for key, value in pairs:
        by[key].add(value)
    return sorted((key, *values) for key, values in by.items() if len(values) == 1)


write("alone", ["dest", "carrier"], single((row["dest"], row["carrier"]) for row in flights))
write("only_from", ["dest", "origin"], single((row["dest"], row["origin"]) for row in flights))
write("unlisted", ["dest"], [[dest] for dest in sorted({row["dest"] for row in flights} - airports)])

good = defaultdict(set)
for row in flights:
    good[row["carrier"]].add(int(row["day"]))
for row in flights:
    if row["dep_delay"] == "NA":
        good[row["carrier"]].discard(int(row["day"]))
streaks = []
for carrier, days in sorted(good.items()):
    best = None
    for first in sorted(days):
        length = 1
        while first + length in days:
            length += 1
        if best is None or length > best[0]:
            best = [length, first]
    if best:
        streaks.append({"carrier": carrier, "streak": best})
write_json("streak", streaks)
