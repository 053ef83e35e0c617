"""Follows a stream with httpx-sse and prints each event as a line of JSON, until it ends.

Arguments: the stream's address, and, over a connection that is cut, how many frames of points to see after the second
connection.
"""

import json
import sys

import httpx
from httpx_sse import connect_sse

PATIENCE_S = 30.0


def follow(client, url, last_id, frames_wanted, forgiven=httpx.RemoteProtocolError):
    """Prints events until the connection breaks or enough frames came; returns the last id and whether done."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    frames = 0
    try:
        with connect_sse(client, "GET", url, headers=headers) as source:
            for event in source.iter_sse():
                print(json.dumps({"event": event.event, "data": event.data, "id": event.id}))
                last_id = event.id
                frames += event.event == "points"
                if frames == frames_wanted:
                    return last_id, True
    except forgiven:
        # The cut: a body that ended before its end.
        pass
    return last_id, False


def main():
    url = sys.argv[1]
    with httpx.Client(timeout=PATIENCE_S, trust_env=False) as client:
        if len(sys.argv) == 2:
            # Not caught: a stream that ends before its end.
            follow(client, url, "", -1, ())
            return
        frames_after = int(sys.argv[2])
        last_id, enough = follow(client, url, "", -1)
        if enough or not last_id:
            sys.exit("the first connection was to be cut after some events")
        _, enough = follow(client, url, last_id, frames_after)
        if not enough:
            sys.exit("the second connection broke as well")


main()
