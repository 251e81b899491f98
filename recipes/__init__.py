"""The zc.buildout recipes: each reads the description, renders, and writes below ``parts/``."""
