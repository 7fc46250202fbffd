"""The load generator, a process of its own: requests made beforehand, plain sockets, one epoll loop.

    python -m benchmarks.load PORT CONNECTIONS SECONDS TURN

Each connection sends its next request when the last one is answered. What it met is printed as JSON.
Each turn rings for other conversations: what the bridge has heard long ago, it knows for a repetition.
"""

import json
import selectors
import socket
import sys
import time
from itertools import cycle

from benchmarks.payloads import bells

WARM_UP = 0.4
"""Seconds at the beginning that are not counted."""
CONVERSATIONS = 2000
_ANSWER = 65536


def load(port: int, connections: int, seconds: float, turn: int) -> dict[str, object]:
    """Keep `connections` requests on their way for `seconds`; return rate and latencies."""
    requests = cycle(list(bells(range(turn * CONVERSATIONS + 1, (turn + 1) * CONVERSATIONS + 1))))
    selector = selectors.DefaultSelector()
    sent: dict[int, float] = {}
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(one, selectors.EVENT_READ, one)
    clock = time.perf_counter
    begin = clock() + WARM_UP
    end = begin + seconds
    sockets = [key.data for key in selector.get_map().values()]
    for one in sockets:
        sent[one.fileno()] = clock()
        one.sendall(next(requests))
    met: list[float] = []
    begun: dict[int, bytes] = {}
    answered = refused = 0
    busy = time.process_time()
    began_busy = clock()
    while (now := clock()) < end:
        for key, _ in selector.select(timeout=end - now):
            part = key.data.recv(_ANSWER)
            if not part:
                raise SystemExit("the server closed a connection")
            answer = begun.pop(key.fd, b"") + part
            if not _whole(answer):
                begun[key.fd] = answer
                continue
            now = clock()
            if now >= begin:
                met.append(now - sent[key.fd])
            answered += 1
            refused += not answer.startswith(b"HTTP/1.1 200")
            sent[key.fd] = now
            key.data.sendall(next(requests))
    share = (time.process_time() - busy) / (clock() - began_busy)
    for one in sockets:
        one.close()
    return {
        "latencies": met,
        "per_second": len(met) / seconds,
        "answered": answered,
        "refused": refused,
        "busy": share,
    }


def _whole(answer: bytes) -> bool:
    """Tell whether an answer is all there: head and body may come apart."""
    head, found, body = answer.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
    return bool(found) and len(body) >= int(length)


if __name__ == "__main__":
    print(json.dumps(load(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))))
