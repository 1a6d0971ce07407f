"""What one source of configuration sets, before the sources are laid over one another."""

from __future__ import annotations


class Values(dict[str, tuple[object, str]]):
    """Field of ServeConfig → (value, where it comes from), and what the user should know."""

    def __init__(self) -> None:
        super().__init__()
        self.notices: list[str] = []

    def set(self, field: str, value: object, origin: str) -> None:
        self[field] = (value, origin)

    def under(self, upper: Values) -> Values:
        """Both, with `upper` winning; the engine's own settings are joined key by key."""
        joined = Values()
        joined.update(self)
        joined.notices = [*self.notices, *upper.notices]
        for field, (value, origin) in upper.items():
            below = self.get(field)
            if field == "engine_config" and below is not None:
                assert isinstance(value, dict)
                assert isinstance(below[0], dict)
                joined.set(field, below[0] | value, f"{below[1]}, {origin}")
            else:
                joined.set(field, value, origin)
        return joined
