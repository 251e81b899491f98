"""Who of the pair serves: moving that to the other machine, and keeping it from moving."""
