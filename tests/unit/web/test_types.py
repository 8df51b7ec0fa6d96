"""The pages' types hold, their own tests pass, and the generated types are those of what is sent. Needs web/node_modules."""

from __future__ import annotations

import json
from pathlib import Path

from affectloop.codec import decode
from affectloop.topics import TOPICS
from affectloop.viewing import as_viewed
from unit.web.node import WEB, run

GOLDEN = Path(__file__).parents[2] / "golden"
SETTINGS = ("--noEmit", "--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "--moduleResolution", "bundler", "--module", "esnext")


def test_no_page_has_a_type_error_and_each_language_a_word_for_every_code() -> None:
    run("svelte-check/bin/svelte-check", "--fail-on-warnings", "--output", "machine")


def test_the_pages_own_tests_pass() -> None:
    run("vitest/vitest.mjs", "run")


def test_every_event_as_it_is_viewed_has_its_generated_type_no_field_more_and_none_less(tmp_path: Path) -> None:
    lines = [f'import type {{ EventOfTopic }} from "{(WEB / "src/api/events").as_posix()}";']
    for topic in TOPICS:
        if topic.view is not None:
            for path in sorted((GOLDEN / topic.name).glob("*.binpb")):
                viewed = as_viewed(decode(topic.event, path.read_bytes()))
                lines.append(f'({json.dumps(viewed)}) satisfies EventOfTopic["{topic.name}"];')
    assert len(lines) > len([topic for topic in TOPICS if topic.view])
    (tmp_path / "viewed.ts").write_text("\n".join([*lines, ""]), "utf-8")
    run("typescript/bin/tsc", *SETTINGS, str(tmp_path / "viewed.ts"))
