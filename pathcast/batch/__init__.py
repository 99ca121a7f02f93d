"""Batch: forecasts of tracks in files, any number of them in constant memory, the same for any number of processes.

`forecasting` turns a table of tracks into a table of forecasts, wherever it runs; `job` says what is forecast of what;
`pieces` reads a file some whole scenes at a time; `running` carries a job out, file by file.
"""
