"""Random calls, relations between fits, and injected faults: of all estimators.

python -m tests.robustness calls --minutes 20
python -m tests.robustness relations
python -m tests.robustness faults --number 100
"""
