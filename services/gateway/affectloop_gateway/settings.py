"""Settings of the gateway."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from affectloop.settings import Settings, settings_config
from affectloop_gateway.connections import networks


class GatewaySettings(Settings):
    """Where the gateway listens, where it stores, and its limits."""

    model_config = settings_config("gateway")

    host: str = Field("127.0.0.1", description="Address that it listens on; 0.0.0.0 in a container.")
    port: int = Field(8080, ge=0, le=65535, description="Port that it listens on; 0 takes a free one.")
    database: str = Field(
        "sqlite:///var/affectloop.db",
        description="Where durable facts are: sqlite:///FILE or postgresql://USER:SECRET@HOST/NAME. Over Kafka use PostgreSQL.",
    )
    master_key: SecretStr | None = Field(
        None,
        description="32 bytes in base64 (openssl rand -base64 32) that wrap the learners' keys. With SQLite one is made beside the file.",
    )
    proxies: str = Field(
        "",
        description="Addresses or networks, with commas, of the proxies before it: their X-Forwarded-For is believed, nobody else's; "
        "and many people come through one, so connections of theirs are not counted by address.",
    )
    connections_most: int = Field(1000, ge=1, description="Connections at a time, WebSockets included.")
    connections_of_address: int = Field(64, ge=1, description="Connections of one address at a time; a class behind one router has one.")
    head_within_s: float = Field(10.0, gt=0, description="How long a request's head may take, an idle new connection included.")
    body_within_s: float = Field(10.0, gt=0, description="How long a request's body may take.")
    written_within_s: float = Field(20.0, gt=0, description="How long an answer may lie unread before the connection is ended.")
    sockets_of_address: int = Field(64, ge=1, description="Live views of one address at a time, those without a token yet included.")
    sockets_of_token: int = Field(16, ge=1, description="Live views with one token at a time.")
    audit_heads: Path | None = Field(
        None,
        description="File to which the head of an audit log is added at every entry, best on another disk or host than the database: "
        "`affectloop audit verify` compares with it. The service's log has the same lines. With SQLite: FILE.audit-heads beside it.",
    )
    recordings: Path = Field(
        Path("var"), description="Folder under which recordings of `affectloop record` lie: an erasure destroys the keys beside them."
    )
    requests_per_10_s: int = Field(600, ge=1, description="Requests that a token may make in 10 seconds.")
    refusals_per_min: int = Field(30, ge=1, description="Wrong tokens that an address may show in a minute.")
    body_bytes: int = Field(65_536, ge=1024, description="Largest body of a request.")
    longest_poll_s: float = Field(25.0, ge=0, description="How long a request for the next directive may wait.")
    history_s: float = Field(60.0, ge=0, description="How much of each session a page that is opened late is shown.")
    history_bytes: int = Field(64_000_000, ge=1_000_000, description="Memory that all sessions' recent records may take.")
    viewer_queue: int = Field(512, ge=16, description="Messages that wait for a slow page before newer ones are dropped.")
    permissions_every_s: float = Field(0.5, gt=0, description="How old a page's permission to see may be.")
    outbox_batch: int = Field(200, ge=1, description="Facts that the outbox publishes at once.")
    outbox_every_s: float = Field(1.0, gt=0, description="How often the outbox is looked at when nobody woke it.")
    restore_every_s: float = Field(
        2.0, gt=0, description="How often live state is compared with the database, so that a lost Redis comes back."
    )
    expire_every_s: float = Field(60.0, gt=0, description="How often what has outlived its retention is deleted.")
    abandoned_after_s: float = Field(43_200.0, gt=0, description="A session that nobody ended is ended after this long.")
    drain_s: float = Field(5.0, ge=0, description="How long open requests may take to finish when it stops.")

    @field_validator("proxies")
    @classmethod
    def _names_networks(cls, proxies: str) -> str:
        networks(proxies)  # a word that is no address is refused at the start, not believed or ignored later
        return proxies
