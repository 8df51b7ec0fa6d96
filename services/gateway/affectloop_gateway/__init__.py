"""The gateway: REST, WebSocket and pages, over the durable store and live state.

``affectloop.store.sql.bootstrap`` makes a first tenant and an administrator's token; ``service.SERVICE`` is what the runtime runs.
"""
