"""Memories: recurrent networks behind one interface, chosen by name. They need torch; nothing that serves does."""
