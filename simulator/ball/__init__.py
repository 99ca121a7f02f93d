"""Balls: flight and bounces as pure compiled kernels, the sports' constants, and scenarios of random throws."""
