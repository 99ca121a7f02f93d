"""The study of what memories remember: small networks, several seeds side by side, with the cells that forecast."""
