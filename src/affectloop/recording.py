"""A recorded session: the topics' own bytes in one file, sealed as on the bus; its key lies in a file beside it.

The file is ``MAGIC``, then blocks of length, CRC-32 (both little-endian, 32 bit) and content. The first block is a JSON
header: the format's version and the session's descriptor without the key. Each further block is one record: topic, key,
ingest time, headers, value. Sealed bytes do not compress, so nothing tries. A file whose writer was killed misses its tail only.
"""

from __future__ import annotations

import base64
import json
import os
import struct
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from affectloop.bus import Outgoing, Record
from affectloop.codec import STREAM, from_record
from affectloop.errors import CannotOpen, InvalidInput
from affectloop.events import Event
from affectloop.session import Mode, Session, SessionKey, Stream

RECORDING_SUFFIX = ".affectloop"
FORMAT = 1
MAGIC = b"AFFLOOP\n"
LONGEST_BLOCK = 64_000_000  # sixteen times the largest record: what claims more is damage
_BLOCK = struct.Struct("<II")  # length, CRC-32
_TIME = struct.Struct("<q")
_SHORT, _LONG = struct.Struct("<H"), struct.Struct("<I")


def key_path(path: Path) -> Path:
    """Where the recording's key is; whoever has not this file cannot open a payload."""
    return path.with_name(path.name + ".key")


class RecordingWriter:
    """Writes a session's records as they come; goes on where a killed writer stopped. A context manager."""

    def __init__(self, path: Path, session: Session) -> None:
        self._session_id = session.session_id
        self._key = session.session_id.encode()
        if path.exists() and path.stat().st_size:
            self._file = self._continued(path, session.key.key_id)
        else:
            self._file = path.open("wb")
            self._file.write(MAGIC + _block(json.dumps(_header(session)).encode()))
        _write_key(key_path(path), session.key)

    def _continued(self, path: Path, key_id: str) -> BinaryIO:
        recording = Recording(path)
        if (recording.session_id, recording.key_id) != (self._session_id, key_id):
            raise InvalidInput(f"{path}: holds session {recording.session_id}; record {self._session_id} into another file")
        file = path.open("r+b")
        file.truncate(recording.whole_bytes)
        file.seek(recording.whole_bytes)
        return file

    def write(self, records: Iterable[Record | Outgoing]) -> int:
        """Append those records that are the session's; returns how many they were."""
        mine = [record for record in records if record.key == self._key]
        self._file.write(b"".join(_block(_content(record)) for record in mine))
        self._file.flush()
        return len(mine)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where one record lies."""

    at: int
    length: int
    stream: Stream


class Recording:
    """A recorded session, indexed when it is opened; payloads are read when asked for.

    ``InvalidInput`` where the file is none, or is damaged in its middle. A missing tail is tolerated: ``warning`` says so.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warning = ""
        self.whole_bytes = 0  # up to the end of the last whole record
        self._entries: list[_Entry] = []
        try:
            with path.open("rb") as file:
                self._fields = self._read_header(file)
                self._read_index(file)
        except OSError as error:
            raise InvalidInput(f"{path}: cannot be read ({error.strerror}); check the name") from error

    @property
    def session_id(self) -> str:
        """The session that was recorded."""
        return str(self._fields["session_id"])

    @property
    def key_id(self) -> str:
        """The name of the key that seals it."""
        return str(self._fields["key"][0])

    @property
    def started_at_us(self) -> int:
        """When the session began."""
        return int(self._fields["started_at_us"])

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams that were recorded, by topic and name."""
        return tuple(sorted({entry.stream for entry in self._entries}, key=lambda stream: (stream.topic, stream.stream_id)))

    @property
    def counts(self) -> dict[str, int]:
        """Records by topic, copies included."""
        return dict(sorted(Counter(entry.stream.topic for entry in self._entries).items()))

    def session(self, mode: Mode = Mode.REPLAY) -> Session:
        """The session's descriptor with its key, to replay under its own name; ``CannotOpen`` without the key file."""
        key = _read_key(key_path(self.path), self.key_id)
        secret = base64.b64encode(key.secret).decode()
        recorded = Session.from_json(json.dumps(self._fields | {"key": [key.key_id, secret]}))
        return replace(recorded, mode=mode, ended_at_us=None)

    def records(self, stream: Stream | None = None) -> Iterator[Record]:
        """The records in the order they were recorded, of one stream or of all; sealed as they were."""
        with self.path.open("rb") as file:
            for offset, entry in enumerate(self._entries):
                if stream is None or entry.stream == stream:
                    file.seek(entry.at)
                    yield _record(file.read(entry.length), offset)

    def events(self, stream: Stream) -> Iterator[Event]:
        """The events of one stream, opened with the key; copies, as a crash makes them, are left out."""
        key, last = self.session().key, -1
        for record in self.records(stream):
            event = from_record(record, key)
            if event.header.sequence > last or (event.is_empty and event.header.ends_stream):
                last = event.header.sequence
                yield event

    def last(self, stream: Stream) -> Event:
        """The last event of a stream."""
        entry = next(entry for entry in reversed(self._entries) if entry.stream == stream)
        with self.path.open("rb") as file:
            file.seek(entry.at)
            return from_record(_record(file.read(entry.length), 0), self.session().key)

    def _read_header(self, file: BinaryIO) -> dict[str, Any]:
        if file.read(len(MAGIC)) != MAGIC:
            raise InvalidInput(f"{self.path}: is no recorded session; give a file that 'affectloop record' wrote")
        block = self._next_block(file)
        if block is None:
            raise InvalidInput(f"{self.path}: holds no whole header, so nothing was recorded; record again")
        header = json.loads(block)
        if header["format"] != FORMAT:
            raise InvalidInput(
                f"{self.path}: has format {header['format']}, this version reads {FORMAT}; install the version that wrote it"
            )
        self.whole_bytes = file.tell()
        fields: dict[str, Any] = header["session"]
        return fields

    def _read_index(self, file: BinaryIO) -> None:
        while (block := self._next_block(file)) is not None:
            at = file.tell() - len(block)
            record = _record(block, 0)
            self._entries.append(_Entry(at, len(block), Stream(record.topic, record.headers.get(STREAM, b"").decode())))
            self.whole_bytes = file.tell()

    def _next_block(self, file: BinaryIO) -> bytes | None:
        """The next block; ``None`` at the end, or where the rest is a truncated tail."""
        at, size = file.tell(), os.fstat(file.fileno()).st_size
        head = file.read(_BLOCK.size)
        if not head:
            return None
        length, checksum = _BLOCK.unpack(head) if len(head) == _BLOCK.size else (LONGEST_BLOCK, 0)
        block = file.read(length) if length < LONGEST_BLOCK else b""
        if block and len(block) == length and zlib.crc32(block) == checksum:
            return block
        if length and at + _BLOCK.size + length < size and length < LONGEST_BLOCK:  # a length of 0: what a lost disk cache leaves
            raise InvalidInput(f"{self.path}: is damaged at byte {at}, and more follows; copy it again")
        self.warning = f"the last {size - at} bytes are no whole record: the recorder was stopped in the middle, the rest is good"
        return None


def _header(session: Session) -> dict[str, Any]:
    fields = json.loads(session.to_json())
    fields["key"] = [session.key.key_id]  # its name alone
    return {"format": FORMAT, "session": fields}


def _block(content: bytes) -> bytes:
    return _BLOCK.pack(len(content), zlib.crc32(content)) + content


def _content(record: Record | Outgoing) -> bytes:
    """Topic, key, ingest time, number of headers, headers, value."""
    ingest_time_us = record.ingest_time_us if isinstance(record, Record) else 0
    topic = record.topic.encode()
    parts = [_SHORT.pack(len(topic)), topic, _SHORT.pack(len(record.key)), record.key, _TIME.pack(ingest_time_us)]
    parts.append(_SHORT.pack(len(record.headers)))
    for name, value in record.headers.items():
        text = name.encode()
        parts += [_SHORT.pack(len(text)), text, _LONG.pack(len(value)), value]
    return b"".join((*parts, record.value))


def _record(content: bytes, offset: int) -> Record:
    topic, at = _taken(content, 0, _SHORT)
    key, at = _taken(content, at, _SHORT)
    (ingest_time_us,), at = _TIME.unpack_from(content, at), at + _TIME.size
    (count,), at = _SHORT.unpack_from(content, at), at + _SHORT.size
    headers = {}
    for _ in range(count):
        name, at = _taken(content, at, _SHORT)
        headers[name.decode()], at = _taken(content, at, _LONG)
    return Record(topic.decode(), 0, offset, key, content[at:], headers, ingest_time_us)


def _taken(content: bytes, at: int, size: struct.Struct) -> tuple[bytes, int]:
    """A length-delimited part, and where it ends."""
    (length,) = size.unpack_from(content, at)
    begin = at + size.size
    return content[begin : begin + length], begin + length


def _write_key(path: Path, key: SessionKey) -> None:
    """Readable by its owner alone, from the first byte on."""
    text = json.dumps({"key_id": key.key_id, "secret": base64.b64encode(key.secret).decode()})
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _read_key(path: Path, key_id: str) -> SessionKey:
    try:
        fields = json.loads(path.read_text())
        key = SessionKey(fields["key_id"], base64.b64decode(fields["secret"]))
    except FileNotFoundError as error:
        raise CannotOpen(f"{path} is missing: without the recording's key nothing in it can be opened") from error
    except (ValueError, KeyError, OSError) as error:
        raise CannotOpen(f"{path} holds no key: give the file that was written with the recording") from error
    if key.key_id != key_id:
        raise CannotOpen(f"{path} is the key of another recording ({key.key_id}, not {key_id})")
    return key


def readable(path: Path) -> bool:
    """Whether the recording's key is beside it and is its own."""
    try:
        Recording(path).session()
    except CannotOpen:
        return False
    return True


def destroy_keys(folder: Path, key_ids: Collection[str]) -> int:
    """Overwrite and delete the key files of these keys under a folder: their recordings stay closed. Gives how many there were."""
    found = 0
    for path in sorted(folder.rglob(f"*{RECORDING_SUFFIX}.key")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            if json.loads(path.read_text())["key_id"] in key_ids:
                with path.open("r+b") as file:
                    file.write(bytes(path.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
                found += 1
    return found
