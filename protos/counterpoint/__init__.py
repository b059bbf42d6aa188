"""Counterpoint's wire and client: talk to a cluster of interaction models over one gRPC stream.

`counterpoint.client` is the asynchronous client, `counterpoint.v1` the generated wire, `counterpoint.cli` the command.
"""

__version__ = "0.1.0"
