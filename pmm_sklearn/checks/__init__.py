"""Checks of what users give; messages name argument, value and remedy."""
