"""Scrapes metrics in both formats with the parsers of Prometheus' own Python client.

Argument: the address. Prints each sample with the type of its family as JSON, under the name of its format.
"""

import json
import sys

import httpx
from prometheus_client import parser
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics

OLDER = "text/plain;version=0.0.4;q=1,*/*;q=0.1"
NEWER = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


def scrape(accept, kind, read):
    answer = httpx.get(sys.argv[1], headers={"Accept": accept})
    answer.raise_for_status()
    assert answer.headers["content-type"] == kind, answer.headers["content-type"]
    samples = {}
    for family in read(answer.text):
        assert family.documentation, f"{family.name} has no help"
        assert family.type != "unknown", f"{family.name} has no type"
        for sample in family.samples:
            labels = "".join(f"{{{key}={value}}}" for key, value in sample.labels.items())
            samples[sample.name + labels] = [family.type, float(sample.value)]
    return samples


print(json.dumps({
    "openmetrics": scrape(NEWER, "application/openmetrics-text; version=1.0.0; charset=utf-8", read_openmetrics),
    "prometheus": scrape(OLDER, "text/plain; version=0.0.4; charset=utf-8", parser.text_string_to_metric_families),
}))
