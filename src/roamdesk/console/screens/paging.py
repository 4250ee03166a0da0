"""Long lists are shown page by page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Paged:
    """``page`` counts from 1 to ``pages``; ``fitting`` is how many rows there are on all of them."""

    fitting: int
    page: int
    pages: int

    @property
    def earlier(self) -> int:
        """0 where there is none."""
        return self.page - 1

    @property
    def later(self) -> int:
        """0 where there is none."""
        return self.page + 1 if self.page < self.pages else 0
