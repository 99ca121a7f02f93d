"""Readers and writers of track files."""
