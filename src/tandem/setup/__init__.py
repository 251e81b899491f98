"""From a bare checkout to a built one: Debian packages, Python environment, pins, buildout.

Runs on the system's own Python, before any environment exists: standard library only, and nothing
else of Tandem. ``make`` calls it as ``PYTHONPATH=src python3 -m tandem.setup``.
"""
