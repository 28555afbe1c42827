"""What pixel tasks work with: the store, the layer cache, and models that are loaded when first needed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

import cv2
import numpy as np
import structlog

from packshot.catalog.tasks import PhotoFile
from packshot.cpu_lease import CpuLease
from packshot.errors import NotFound
from packshot.image import Photo, read
from packshot.model import Matter, Prompter, Rater, Upscaler
from packshot.models.hint_prompter import HintPrompter
from packshot.models.local import local_matter, local_rater, local_upscaler
from packshot.pipeline import digest
from packshot.rendering.engines.local import local_renderer
from packshot.rendering.scene import SetRenderer
from packshot.service.layer_cache import (
    LayerCache,
    get_cutout,
    get_photo,
    layer_folder,
    memory_folder,
    put_cutout,
    put_photo,
)
from packshot.settings import Settings
from packshot.step import Cutout
from packshot.store import Store, unpack, unpack_enlarged

log = structlog.get_logger(__name__)


class PixelContext:
    """What the functions work with, loaded when first needed: a process that only composes never loads a model."""

    def __init__(self, settings: Settings, *, make_store: bool = True) -> None:
        self.settings = settings
        self.store = Store(settings.store, make=make_store)
        self.layer_cache = LayerCache(layer_folder(settings), most_bytes=settings.shared_memory_bytes)
        self.lease = CpuLease(memory_folder("cpu.lock"))
        self._models = threading.Lock()
        self._turns: dict[str, tuple[threading.Lock, int]] = {}
        self._turns_lock = threading.Lock()

    @cached_property
    def _matter(self) -> Matter:
        matter = local_matter(self.settings, lease=self.lease)
        if matter.engine.note:
            log.warning("engine.fallback", engine=matter.engine.words, words=matter.engine.note)
        return matter

    @cached_property
    def _rater(self) -> Rater:
        return local_rater(self.settings, lease=self.lease)

    @property
    def matter(self) -> Matter:
        with self._models:
            return self._matter

    @property
    def rater(self) -> Rater:
        with self._models:
            return self._rater

    @cached_property
    def prompter(self) -> Prompter:
        return HintPrompter(self.matter)

    @cached_property
    def _upscaler(self) -> Upscaler | None:
        return local_upscaler(self.settings, lease=self.lease)

    @property
    def upscaler(self) -> Upscaler | None:
        with self._models:
            return self._upscaler

    @cached_property
    def renderer(self) -> SetRenderer:
        return local_renderer(self.settings, lease=self.lease)

    def photo(self, file: PhotoFile) -> Photo:
        """An original, decoded once a machine while it is in work.  Raises NotFound, BadInput."""
        mark = digest(["photo", file.key, file.max_pixels])
        with self.turn(mark):
            cached = get_photo(self.layer_cache, mark)
            if cached is not None:
                return replace(cached, name=file.name)
            photo = read(self.bytes(file.key), file.name, limits=self.settings.limits)
            if file.max_pixels:
                photo = _shrunk(photo, file.max_pixels)
            put_photo(self.layer_cache, mark, photo)
        return photo

    def cutout(self, key: str, photo: Photo) -> Cutout:
        """A stored cut-out.  Raises NotFound where its layer is gone or damaged."""
        mark = digest(["cutout", key])
        cached = get_cutout(self.layer_cache, mark, photo)
        if cached is not None:
            return cached
        cutout = unpack(self.bytes(key), photo)
        if cutout is None:
            raise NotFound("the stored cut-out is damaged.", subject=photo.name, remedy="Cut the photo out again.")
        put_cutout(self.layer_cache, mark, cutout)
        return cutout

    def enlarged(self, key: str, cutout: Cutout) -> Cutout:
        """A cut-out with its stored enlargement, if `key` names one.  Raises NotFound where it is gone or damaged."""
        if not key:
            return cutout
        enlarged = unpack_enlarged(self.bytes(key))
        if enlarged is None:
            raise NotFound("the stored enlargement is damaged.", subject=cutout.photo.name, remedy="Make it again.")
        return replace(cutout, enlarged=enlarged)

    def bytes(self, key: str) -> bytes:
        content = self.store.get(key)
        if content is None:
            raise NotFound("the file is no longer in the store.", subject=key)
        return content

    def pictures(self, keys: Mapping[str, str]) -> dict[str, Photo]:
        return {name: self.photo(PhotoFile(key, name)) for name, key in keys.items()}

    @contextmanager
    def turn(self, mark: str) -> Iterator[None]:
        """One thread at a time on the same thing: two that want the same photo decode it once."""
        with self._turns_lock:
            lock, count = self._turns.get(mark, (threading.Lock(), 0))
            self._turns[mark] = lock, count + 1
        try:
            with lock:
                yield
        finally:
            with self._turns_lock:
                lock, count = self._turns.pop(mark)
                if count > 1:
                    self._turns[mark] = lock, count - 1


def store_file(context: PixelContext, folder: str, content: bytes, suffix: str) -> str:
    """Store a file under its own hash.  Returns its key."""
    key = f"{folder}/{hashlib.sha256(content).hexdigest()}{suffix}"
    context.store.put_new(key, content)
    return key


def _shrunk(photo: Photo, max_pixels: int) -> Photo:
    width, height = photo.size
    scale = (max_pixels / (width * height)) ** 0.5
    if scale >= 1:
        return photo
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = np.asarray(cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    alpha = photo.alpha
    if alpha is not None:
        alpha = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.uint8)
    note = f"This photo was too large for the memory here; it was worked on at {max_pixels / 1e6:.0f} megapixels."
    return replace(photo, pixels=pixels, alpha=alpha, notes=(*photo.notes, note))
