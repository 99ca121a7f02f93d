"""Protection: who is let in, over what, and how much each client may ask for."""
