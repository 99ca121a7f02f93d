"""The live page: what streams through a server, in a browser. A client of the service, in a process of its own."""
