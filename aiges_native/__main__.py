"""``python -m aiges_native`` is the command ``aiges-native``."""

from aiges_native.cli import main

if __name__ == "__main__":
    main()
