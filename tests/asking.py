"""HTTP requests, each on a connection of its own."""

import ssl
from functools import partial

import httpx

# Otherwise httpx reads all certificates of the system for every request, which takes far longer
# than the request, and as much of the processor as what is tested.
_TLS = ssl.create_default_context()

get = partial(httpx.get, verify=_TLS)
request = partial(httpx.request, verify=_TLS)
