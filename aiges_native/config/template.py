"""The aiges.toml that ``AIservice -init`` writes."""

from __future__ import annotations

import pathlib

NAME = "aiges.toml"

# The keys and values that AIGES's own generated file has wherever a key does something, so that a
# service set up by one command works with the other.
TEXT = """\
# What AIservice runs with: AIservice -m 0 -c aiges.toml -s svcName
# Every key, with its unit and default: docs/config.md. A wrong key is an error that names its line.

[svcName]               # named by -s
host = "0.0.0.0"        # an address or host name; 0.0.0.0 is every interface
port = 5090             # gRPC; 0 takes a free one
# netcard = "eth0"      # instead of host: the address of this interface
# reuseport = 0         # 1: several processes may share the port
# maxreceive = 64       # MiB, the largest request
# maxsend = 256         # MiB, the largest reply
# rate = 10             # milliseconds for each new token of the rate limit, with
# burst = 100           # how many tokens may be saved up

[aiges]
asyncMode = true        # once calls by wrapperExecAsync, results of sessions by callback
realTimeRlt = false     # true: ask the engine for results after each input, not only the last
usrCfg = ""             # a file for the engine's settings, instead of [wrapper]
# headerPass = "appid;uid"  # headers of a request that become parameters

[wrapper]               # what wrapperInit gets, as texts; names with a dot need quotes
"log.level" = "debug"

[fc]
able = 1
router = "sessionManager"
max = 1                 # licences: sessions and once calls at the same time
ttl = 10000             # milliseconds without use after which a session ends

[log]
level = "info"          # debug, info, warn, error
file = "./log/aiges.log"
size = 3                # MiB, then a new file is begun
count = 3               # old files that are kept
die = 3                 # days that they are kept

# [server]              # beyond AIGES
# overload = "wait"     # wait for a licence instead of refusing
# drain_timeout = 20    # seconds for running requests when the service is told to stop
"""


def write_if_missing(path: pathlib.Path) -> bool:
    """Whether it was written; a file that is there is left as it is. Raises OSError."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEXT)
    except FileExistsError:
        return False
    return True
