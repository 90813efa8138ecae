"""Makes events.ndjson.zst: every seventh of 100,000 events of the Nexmark generator, without their long texts.

    python3 thin.py events_100k.jsonl | zstd -19 > events.ndjson.zst
"""
import json
import sys

KEPT = {
    "Person": ["id", "name", "city", "state", "date_time"],
    "Auction": ["id", "item_name", "seller", "category", "date_time", "expires"],
    "Bid": ["auction", "bidder", "price", "date_time"],
}

for number, line in enumerate(open(sys.argv[1], encoding="utf-8")):
    if number % 7 == 0:
        ((kind, event),) = json.loads(line).items()
        event = {name: event[name] for name in KEPT[kind]}
        print(json.dumps({kind: event}, separators=(",", ":")))
