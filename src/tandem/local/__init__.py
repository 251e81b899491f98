"""The whole stack on this computer: ``make run``, ``make stop`` and ``make status``."""
