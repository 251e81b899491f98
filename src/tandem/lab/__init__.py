"""The lab: a whole cluster of simulated physical machines on one computer."""
