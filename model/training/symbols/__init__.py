"""The symbol forecaster: which symbol comes next, by any memory."""
