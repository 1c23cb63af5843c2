"""Random calls of all estimators, and what must hold of each.

python -m tests.robustness --minutes 20
"""
