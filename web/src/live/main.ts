import { mount } from "svelte";
import "../tokens.css";
import "./page.css";
import { takeToken } from "../token";
import Live from "./Live.svelte";
import { LiveSession } from "./session.svelte";

const sessionId = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const session = new LiveSession(sessionId, takeToken() ?? "");
mount(Live, { target: document.getElementById("app")!, props: { session, name: sessionId.slice(0, 6) } });
