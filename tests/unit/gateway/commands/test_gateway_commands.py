"""``affectloop tenant`` and ``affectloop audit`` over a database of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from affectloop.cli import main
from affectloop.clock import SystemClock
from affectloop.store.sql.audit import Audit
from affectloop.store.sql.database import Store
from affectloop.store.sql.people import People
from affectloop.store.sql.tables import AuditEntry
from affectloop.store.sql.tokens import caller_of
from affectloop_gateway.database import open_store
from affectloop_gateway.settings import GatewaySettings


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("AFFECTLOOP_GATEWAY__DATABASE", f"sqlite:///{tmp_path / 'facts.db'}")
    return open_store(GatewaySettings(), SystemClock())


def actions(store: Store, tenant: str = "my-school") -> list[str]:
    with store.reading(tenant) as work:
        return [entry.action for entry in Audit(work).entries()]


def test_a_tenant_is_made_once_and_the_command_says_what_it_did(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    codes = [main(["tenant", "create", "my-school", "--profile", "us-school"]) for _ in range(2)]
    said = capsys.readouterr().err.splitlines()
    assert (codes, said[0].startswith("made my-school under us-school"), said[1]) == (
        [0, 0], True, "my-school was there under us-school; nothing changed",
    )  # fmt: skip
    assert actions(store) == ["tenant.create.us-school"]
    store.close()


def test_making_a_tenant_again_does_not_change_its_profile(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    main(["tenant", "create", "my-school"])
    assert main(["tenant", "create", "my-school", "--profile", "demo"]) == 1
    assert "affectloop tenant profile my-school demo" in capsys.readouterr().err
    with store.reading("my-school") as work:
        assert People(work).tenant().profile == "eu-school"
    store.close()


def test_a_token_is_all_that_standard_output_holds(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    main(["tenant", "create", "my-school"])
    assert main(["tenant", "token", "my-school", "--role", "platform", "--for", "moodle", "--days", "2"]) == 0
    text = capsys.readouterr().out.strip()
    caller = caller_of(store, text)
    assert (caller.tenant_id, caller.role, caller.holder) == ("my-school", "platform", "moodle")
    assert actions(store) == ["tenant.create.eu-school", "token.make.platform"]
    store.close()


def test_a_change_of_profile_is_audited_and_told(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    main(["tenant", "create", "my-school"])
    codes = [main(["tenant", "profile", "my-school", "us-school"]) for _ in range(2)]
    said = capsys.readouterr().err
    assert (codes, "each must be given again" in said, "my-school was under us-school; nothing changed" in said) == ([0, 0], True, True)
    assert actions(store) == ["tenant.create.eu-school", "tenant.profile.us-school"]
    store.close()


@pytest.mark.parametrize(
    ("command", "remedy"),
    [
        (["tenant", "token", "nowhere", "--for", "x"], "affectloop tenant create nowhere"),
        (["tenant", "profile", "nowhere", "demo"], "affectloop tenant create nowhere"),
        (["tenant", "create", "My School"], "lower-case letters"),
        (["tenant", "token", "my-school", "--for", "Ada Lovelace"], "no person's name"),
        (["tenant", "token", "my-school", "--for", "x", "--days", "500"], "at most 400 days"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_remedy(
    store: Store, capsys: pytest.CaptureFixture[str], command: list[str], remedy: str
) -> None:
    main(["tenant", "create", "my-school"])
    capsys.readouterr()
    assert main(command) == 1
    said = capsys.readouterr().err
    assert (remedy in said, said.count("\n")) == (True, 1)
    store.close()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (None, "3 entries, whole; 3 heads"),
        ("UPDATE audit SET actor = 'nobody' WHERE number = 2", "entry 2 is not what was written"),
        ("DELETE FROM audit WHERE number = 3", "the end was cut off"),
        ("DELETE FROM audit", "the end was cut off"),
    ],
)
def test_a_log_that_somebody_wrote_to_is_named(store: Store, capsys: pytest.CaptureFixture[str], damage: str | None, said: str) -> None:
    main(["tenant", "create", "my-school"])
    for holder in ("one", "two"):
        main(["tenant", "token", "my-school", "--for", holder])
    if damage is not None:
        with store.work("my-school") as work:
            work.rows.connection().exec_driver_sql(damage)
    capsys.readouterr()
    code = main(["audit", "verify"])
    told = capsys.readouterr()
    assert (code, said in (told.err if damage else told.out)) == (0 if damage is None else 1, True)
    store.close()


def test_a_log_written_anew_shows_even_to_who_kept_the_gateways_log_alone(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["tenant", "create", "my-school"])
    kept = tmp_path / "gateway.log"
    (heads,) = tmp_path.glob("*.audit-heads")
    kept.write_text("2026-01-01T00:00:00Z not JSON\n2026-01-01T00:00:01Z " + heads.read_text())
    heads.unlink()
    with store.work("my-school") as work:
        for entry in work.rows.query(AuditEntry):
            work.rows.delete(entry)
        work.rows.flush()
        Audit(work).add(actor="nobody", holder="", role=None, action="nothing", subject="my-school")
    heads.unlink()
    codes = [main(["audit", "verify", *more]) for more in ([], ["--heads", str(kept)])]
    said = capsys.readouterr().err
    assert (codes, "would not show" in said, "the log was written anew" in said) == ([0, 1], True, True)
    store.close()


def test_a_file_without_heads_is_refused_with_the_remedy(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").write_text("nothing\n")
    codes = [main(["audit", "verify", "--heads", str(tmp_path / name)]) for name in ("empty", "missing")]
    assert (codes, capsys.readouterr().err.count("AFFECTLOOP_GATEWAY__AUDIT_HEADS")) == ([1, 1], 1)
    store.close()
