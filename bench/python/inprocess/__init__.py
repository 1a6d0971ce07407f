"""The in-process benchmark: one exec, seen from C, ctypes, cffi, Python and aiges_native."""
