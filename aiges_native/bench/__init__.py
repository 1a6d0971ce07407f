"""Drives servers with load, natively; the command is ``aiges-native bench``."""

from aiges_native.bench.load import Latency, LoadError, LoadPlan, Progress, Report, run_load

__all__ = ["Latency", "LoadError", "LoadPlan", "Progress", "Report", "run_load"]
