"""What is read of files, and how much of them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from fingerprints.model import Limits, ReadPictures
from fingerprints.reading import engine

from ..errors import Misconfigured

MEBIBYTE = 1024 * 1024


class ReadingSettings(BaseSettings):
    """What is read of files, and how much of them."""

    max_upload_mib: int = Field(100, ge=1, le=4096, description="Largest file taken, MiB.")
    max_text_mib: int = Field(
        8,
        ge=1,
        le=1024,
        description="Largest text taken, MiB; scanning one takes about a hundred times its size of memory.",
    )
    max_megapixels: int = Field(100, ge=1, le=2000, description="Largest picture decoded, megapixels.")
    max_frames: int = Field(200, ge=1, le=100_000, description="Frames taken of an animated picture, spread over it.")
    max_pages: int = Field(2000, ge=1, le=100_000, description="Most pages read of a PDF.")
    max_unpacked_mib: int = Field(
        200, ge=1, le=4096, description="Most that the parts of a .docx, .pptx or .epub may unpack to, MiB."
    )
    max_media_hours: int = Field(12, ge=1, le=1000, description="Longest sound or film read, hours.")
    ffmpeg: Path | None = Field(
        None,
        description="ffmpeg, 6.0 or later, for sound and film; without it that of the wheel imageio-ffmpeg.",
    )
    decode_memory_mib: int = Field(1536, ge=256, le=65536, description="Address space of a decoder process, MiB.")
    decode_cpu_seconds: int = Field(30, ge=1, le=3600, description="CPU time for one file, seconds.")
    decode_wall_seconds: int = Field(60, ge=1, le=7200, description="Wall time for one file, seconds.")
    read_pictures: ReadPictures = Field(
        "off",
        description="Text in pictures that is read: off; credits, at the top and the bottom; all, which is searched "
        "for too. Takes the extra ocr, seconds of computing for a picture full of text, and 1.25 GiB more of address "
        "space for a decoder process.",
    )
    trust_anchors: Path | None = Field(
        None, description="PEM file of the certificates that C2PA manifests are trusted by; without it none is."
    )
    certificate_font: Path | None = Field(
        None,
        description="Font file, TrueType or OpenType, that is asked first for the letters of PDF certificates; what it "
        "lacks is set in Noto Sans CJK and Noto Sans, which are installed with Sourcemark. All letters are embedded.",
    )

    @property
    def anchors(self) -> str:
        """The certificates of `trust_anchors`, read now; raises Misconfigured if they cannot be."""
        if self.trust_anchors is None:
            return ""
        try:
            found = self.trust_anchors.read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"SOURCEMARK_TRUST_ANCHORS: {self.trust_anchors} cannot be read: {error}") from error
        if "-----BEGIN CERTIFICATE-----" not in found:
            raise Misconfigured(f"SOURCEMARK_TRUST_ANCHORS: {self.trust_anchors} has no certificate in PEM form")
        return found

    @property
    def limits(self) -> Limits:
        """Raises Misconfigured where pictures are to be read and nothing is installed that can."""
        if self.read_pictures != "off" and not engine.installed():
            raise Misconfigured(
                f"SOURCEMARK_READ_PICTURES={self.read_pictures} takes the extra ocr: pip install 'sourcemark[ocr]'"
            )
        return Limits(
            max_bytes=self.max_upload_mib * MEBIBYTE,
            max_text_bytes=self.max_text_mib * MEBIBYTE,
            max_pixels=self.max_megapixels * 1_000_000,
            max_frames=self.max_frames,
            max_pages=self.max_pages,
            max_unpacked_bytes=self.max_unpacked_mib * MEBIBYTE,
            max_seconds=self.max_media_hours * 3600,
            ffmpeg="" if self.ffmpeg is None else str(self.ffmpeg),
            memory_bytes=self.decode_memory_mib * MEBIBYTE,
            cpu_seconds=self.decode_cpu_seconds,
            wall_seconds=self.decode_wall_seconds,
            read_pictures=self.read_pictures,
        )
