"""The client: forecasts from a server, in plain Python. Importing it loads neither torch nor any other heavy thing.

Positions are metres in the caller's world. The client subtracts the stream's origin in double precision before it
narrows to the contract's floats, and adds it back to what comes.
"""

from pathcast.model.contacts import CONTACT_KINDS, Contacts
from pathcast.service.client.async_resuming import AsyncResumingStream
from pathcast.service.client.connection import Client
from pathcast.service.client.credentials import Credentials
from pathcast.service.client.local import LocalServer
from pathcast.service.client.resuming import ResumingStream
from pathcast.service.client.resumption import Persistence, Resumed
from pathcast.service.client.stream import Reply, Stream
from pathcast.service.client.writing import Options, Prefixes
from pathcast.service.lines import forecast_line, observation_line
from pathcast.service.messages import Forecasts, GoingAway, Model, Opened, Reason, Refused, Remark, Status

__all__ = [
    "CONTACT_KINDS",
    "AsyncResumingStream",
    "Client",
    "Contacts",
    "Credentials",
    "Forecasts",
    "GoingAway",
    "LocalServer",
    "Model",
    "Opened",
    "Options",
    "Persistence",
    "Prefixes",
    "Reason",
    "Refused",
    "Remark",
    "Reply",
    "Resumed",
    "ResumingStream",
    "Status",
    "Stream",
    "forecast_line",
    "observation_line",
]
