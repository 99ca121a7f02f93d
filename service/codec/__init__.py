"""The codec: the contract's messages to plain values and back, with the checks of everything that comes in."""
