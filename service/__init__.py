"""The service: a gRPC server of forecasts and its client. Importing the client loads nothing heavy."""
