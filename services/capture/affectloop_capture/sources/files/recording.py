"""A recorded session as a source: the rawest of each modality, opened with the key beside it, under a new session."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any

from affectloop.clock import MICROSECONDS
from affectloop.errors import InvalidInput, InvalidMessage
from affectloop.events import Event, Header, Reason
from affectloop.recording import MAGIC, RECORDING_SUFFIX, Recording
from affectloop.session import Stream
from affectloop.topics import TOPICS, Privacy, Topic
from affectloop_capture.samples import after_last_us, is_chunk, samples_of, with_samples
from affectloop_capture.sources.base import FileFormat, Source


@dataclass(frozen=True, eq=False)
class RecordedTrack:
    """One recorded stream."""

    recording: Recording
    stream: Stream
    last: Event

    @property
    def duration_us(self) -> int:
        """From the recorded session's start."""
        return max(after_last_us(self.last) - self.recording.started_at_us, 1)

    def events(self, session_id: str, origin_us: int) -> Iterator[Event]:
        """The recorded events, moved to the new session."""
        shift_us = origin_us - self.recording.started_at_us
        try:
            for event in self.recording.events(self.stream):
                yield replace(event, header=_moved(event.header, session_id, shift_us))
        except InvalidMessage as error:
            raise _not_opened(self.recording.path, error) from error

    def ending(self, header: Header) -> Event:
        """An event without values."""
        return silent(self.last, header)


def open_recorded(path: Path, topics: Collection[Topic] | None = None) -> Source:
    """A recording as a source: of each modality the rawest topic that was recorded, or the topics asked for.

    ``CannotOpen`` without the recording's key, ``InvalidInput`` where nothing of these topics was recorded.
    """
    recording = Recording(path)
    wanted = _rawest(recording) if topics is None else {topic.name for topic in topics}
    try:
        tracks = tuple(RecordedTrack(recording, stream, recording.last(stream)) for stream in recording.streams if stream.topic in wanted)
    except InvalidMessage as error:
        raise _not_opened(path, error) from error
    if not tracks:
        recorded = ", ".join(recording.counts) or "nothing"
        raise InvalidInput(f"{path}: holds no stream that can be played, only {recorded}; record the capture topics")
    seconds = max(track.duration_us for track in tracks) / MICROSECONDS
    description = f"recorded session, {seconds:.1f} s of {', '.join(track.stream.stream_id for track in tracks)}"
    return Source(path.name, tracks, description, recording.started_at_us, [recording.warning] if recording.warning else [])


def _not_opened(path: Path, error: InvalidMessage) -> InvalidInput:
    return InvalidInput(
        f"{path}: a record cannot be opened ({error.problem}); copy the recording and its key again, from where it was made"
    )


def _rawest(recording: Recording) -> set[str]:
    """What devices bring, or what was made of it directly where that was not recorded."""
    near = [topic for topic in TOPICS if any(each.privacy is Privacy.RAW for each in (topic, *topic.derives_from))]
    return {topic.name for topic in near if topic.name in recording.counts and not topic.sources & set(recording.counts)}


def _moved(header: Header, session_id: str, shift_us: int) -> Header:
    until_us = header.complete_until_us if header.ends_stream else header.complete_until_us + shift_us
    return replace(header, session_id=session_id, event_time_us=header.event_time_us + shift_us, complete_until_us=until_us)


def silent(event: Event, header: Header) -> Event:
    """An event of the same kind that says nothing was measured."""
    if is_chunk(event):
        return with_samples(event, header, samples_of(event)[:0])
    changes: dict[str, Any] = {"header": header}
    for field in fields(event):
        if field.default is not MISSING:
            changes[field.name] = field.default
        elif field.name.endswith("quality"):
            changes[field.name] = 0.0
        elif field.name.endswith("reason"):
            changes[field.name] = Reason.NO_SIGNAL
    return replace(event, **changes)


FORMAT = FileFormat(
    name=".affectloop recordings",
    reads="what `affectloop record` wrote, with its key beside it: the rawest topic of each modality",
    suffixes=(RECORDING_SUFFIX,),
    knows=lambda path, first_bytes: first_bytes.startswith(MAGIC),
    open=lambda path, *, salvage=False: open_recorded(path),
)
