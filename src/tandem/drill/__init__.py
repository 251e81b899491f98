"""Drills: a fault made on purpose, under load, and a report of what came of it."""
