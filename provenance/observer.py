"""What the parts of a process tell whoever counts: the service, which makes metrics of it. Alone it does nothing."""

from __future__ import annotations

from .schemas import ScanResult


class Observer:
    """Told of what happened; never raises, and returns at once. Thread-safe."""

    def scanned(self, result: ScanResult) -> None:
        """An upload or a post was scanned, or could not be."""

    def examined(self, seconds: float, failed: str | None) -> None:
        """A file or text was read in a decoder process.

        Args:
            failed: reason code of why it could not be, None where it was.
        """
