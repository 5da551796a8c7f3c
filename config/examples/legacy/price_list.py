#!/usr/bin/env python3
"""price_list.py CATALOG: prints what the shop sells. Knows nothing of understudy."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    catalog = json.load(file)
assert catalog["version"] == 3
currency = catalog["shop"]["currency"]
print(catalog["shop"]["name"])
for category in catalog["categories"]:
    print(category["title"])
    for sku, product in catalog["products"].items():
        if product["category"] != category["slug"] or product["discontinued"]:
            continue
        stars = [review["stars"] for review in product["reviews"]]
        rating = f", {sum(stars) / len(stars):.1f} stars" if stars else ""
        print(f"  {sku} {product['title'] or product['name']}: {product['price']:.2f} {currency}{rating}")
        for variant in product["variants"]:
            price = variant["prices"][currency]["amount"]
            print(f"    {variant['code']}: {price:.2f} {currency}, {variant['stock'] or 'none'} in stock")
