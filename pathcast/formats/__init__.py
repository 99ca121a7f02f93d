"""Readers and writers of track files: one file format per module, `read_tracks` and `write_tracks` in front of them.

Readers turn a file into `Tracks` in seconds and metres or raise an `InputError` that names the file and its line;
nothing is guessed, mended or left out without saying so.
"""

from pathcast.formats.reading import FORMATS, read_tracks
from pathcast.formats.writing import write_tracks

__all__ = ["FORMATS", "read_tracks", "write_tracks"]
