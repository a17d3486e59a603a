"""A domain's certificate as a person sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Certificate:
    """One domain's certificate: what lies on disk and what visitors get."""

    app: str
    domain: str
    kind: str
    """How it is renewed: `auto` or `own`."""
    issuer: str
    ends: float
    """Seconds since the epoch."""
    covered: bool
    """It is good for this domain, which may have been added later."""
    served: bool
    """nginx shows this very certificate."""
    trusted: bool
    """Browsers know who issued it."""
