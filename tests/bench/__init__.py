"""`make bench`: measures of the whole path, printed with ratios within one run; never a timed test (design 8)."""
