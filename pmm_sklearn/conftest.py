"""What pytest leaves out where optional packages are not installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") else ["torch"]
