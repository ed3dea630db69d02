"""Train the tables of `fingerprints.image.codebook` and write codebook-1.npz.

    python scripts/make_picture_codebook.py fingerprints/image/codebook-1.npz

The pictures are drawn here, and two photographs come with scikit-learn; every picture is also taken small, blurred and
re-encoded, because that is what uploads are like. Needs scikit-learn (in requirements-dev.lock).

The file is kept, because another machine may round otherwise, and because codebook 1 was made of OpenCV's descriptors
(version 2 of the pictures' algorithm; ours have a mean cosine of .995 with them): run today, this gives slightly other
tables, in which nothing can be looked up that was registered with these. They would be codebook 2.
"""

from __future__ import annotations

import io
import sys

import cv2
import numpy as np
from PIL import Image, ImageDraw
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.datasets import load_sample_images

from fingerprints.image import keypoints

SEED = 1
PICTURES = 420
SIDE = 256


def noise(r: np.random.Generator, octaves: int, roughness: float) -> np.ndarray:
    """Fractal noise, 0 to 1: clouds, rock, foliage by its roughness."""
    out = np.zeros((SIDE, SIDE), dtype=np.float32)
    for octave in range(octaves):
        cells = 2 ** (octave + 1) + 1
        out += roughness**octave * cv2.resize(
            r.random((cells, cells), dtype=np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC
        )
    return (out - out.min()) / max(float(np.ptp(out)), 1e-6)


def drawn(r: np.random.Generator) -> Image.Image:
    """Layers of noise, shapes, strokes, gratings and lettering."""
    base = noise(r, int(r.integers(3, 8)), float(r.uniform(0.4, 0.85)))
    tint = np.stack([base * float(r.uniform(100, 255)) for _ in range(3)], axis=2)
    picture = Image.fromarray(tint.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(r.integers(0, 60))):
        x, y = (int(v) for v in r.integers(-20, SIDE, 2))
        w, h = (int(v) for v in r.integers(4, 90, 2))
        colour = tuple(int(c) for c in r.integers(0, 256, 3))
        kind = int(r.integers(6))
        if kind == 0:
            draw.ellipse((x, y, x + w, y + h), fill=colour)
        elif kind == 1:
            draw.rectangle((x, y, x + w, y + h), fill=colour)
        elif kind == 2:
            draw.line((x, y, *(int(v) for v in r.integers(0, SIDE, 2))), fill=colour, width=int(r.integers(1, 7)))
        elif kind == 3:
            draw.polygon(
                [tuple(int(v) for v in p) for p in r.normal((x, y), 30, (int(r.integers(3, 7)), 2))], fill=colour
            )
        elif kind == 4:
            draw.arc((x, y, x + w, y + h), 0, int(r.integers(90, 360)), fill=colour, width=int(r.integers(1, 6)))
        else:
            letters = "".join(chr(int(c)) for c in r.integers(33, 127, int(r.integers(2, 14))))
            draw.text((x, y), letters, fill=colour, font_size=int(r.integers(8, 40)))
    levels = np.asarray(picture, dtype=np.float32)
    patch = noise(r, 7, 0.8)[..., None] * float(r.uniform(0, 120))
    levels = (
        levels
        + np.where(noise(r, 3, 0.5)[..., None] > 0.5, patch, 0)
        + r.normal(0, float(r.uniform(0, 8)), levels.shape)
    )
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def variants(r: np.random.Generator, picture: Image.Image) -> list[np.ndarray]:
    grey = np.asarray(picture.convert("L"))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=int(r.integers(10, 60)))
    poor = np.asarray(Image.open(out).convert("L"))
    small = cv2.resize(grey, (0, 0), fx=(factor := float(r.uniform(0.4, 0.8))), fy=factor, interpolation=cv2.INTER_AREA)
    return [grey, poor, small, cv2.GaussianBlur(grey, (0, 0), float(r.uniform(0.8, 2.0)))]


def main(target: str) -> None:
    r = np.random.default_rng(SEED)
    pictures = [drawn(r) for _ in range(PICTURES)]
    for photo in load_sample_images().images:
        for _ in range(PICTURES // 8):
            side = int(r.integers(120, 400))
            x, y = int(r.integers(photo.shape[1] - side)), int(r.integers(photo.shape[0] - side))
            pictures.append(
                Image.fromarray(photo[y : y + side, x : x + side]).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            )
    found = [keypoints.detect(v, 300).descriptors for picture in pictures for v in variants(r, picture)]
    all_ = np.concatenate([keypoints.form(f, n % keypoints.FORMS) for n, f in enumerate(found)]).astype(np.float32)
    all_ /= np.maximum(np.linalg.norm(all_, axis=1, keepdims=True), 1e-6)
    all_ = all_[r.permutation(len(all_))[:400_000]]
    print(len(all_), "descriptors")
    mean = all_.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((all_ - mean).T))
    principal = vectors[:, ::-1][:, :64]
    print("variance kept", values[::-1][:64].sum() / values.sum())
    # Turned at random within the subspace, so that halves and parts carry about the same.
    turn, _ = np.linalg.qr(r.normal(size=(64, 64)))
    projection = (principal @ turn).astype(np.float32)
    data = (all_ - mean) @ projection
    words = np.stack(
        [
            MiniBatchKMeans(256, random_state=SEED, batch_size=8192, n_init=2, max_iter=60)
            .fit(data[:, h : h + 32])
            .cluster_centers_
            for h in (0, 32)
        ]
    )
    signs, _ = np.linalg.qr(r.normal(size=(64, 24)))
    sample = data[:80_000]
    parts = np.stack(
        [
            KMeans(256, random_state=SEED, n_init=1, max_iter=25).fit(sample[:, p : p + 4]).cluster_centers_
            for p in range(0, 64, 4)
        ]
    )
    np.savez_compressed(
        target,
        mean=mean.astype(np.float32), projection=projection, words=words.astype(np.float16),
        signs=signs.astype(np.float16), parts=parts.astype(np.float16),
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
