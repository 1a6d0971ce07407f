"""From aiges.toml, environment and flags to one typed, validated object."""

from __future__ import annotations

from aiges_native.config.errors import ConfigError
from aiges_native.config.load import DEFAULT_SERVICE, Loaded, load_config
from aiges_native.config.model import ServeConfig
from aiges_native.config.values import Values

__all__ = ["DEFAULT_SERVICE", "ConfigError", "Loaded", "ServeConfig", "Values", "load_config"]
