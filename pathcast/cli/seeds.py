"""Seeds on the command line."""

from __future__ import annotations

import click


class Seeds(click.ParamType[tuple[int, ...]]):
    """Different whole numbers from 0 on, between commas."""

    name = "N,N,..."

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        words = [word.strip() for word in str(value).split(",")]
        if not all(word.isdecimal() for word in words) or len({int(word) for word in words}) < len(words):
            self.fail(f"expected different whole numbers between commas, such as 1,2,3, found {value!r}", param, ctx)
        return tuple(int(word) for word in words)
