"""What ``make bench`` measures: each module one thing, as ratios within one run."""
