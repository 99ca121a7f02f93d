"""Validation: what real crowds and the guidelines' test cases ask of the walking model, each with what was found."""
