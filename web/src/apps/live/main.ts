import { mount } from "svelte";
import "../../ui/theme.css";
import "./page.css";
import { takeToken } from "../../api/accessToken";
import Live from "./Live.svelte";
import { LiveSession } from "./liveSession.svelte";

const sessionId = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const session = new LiveSession(sessionId, takeToken() ?? "");
mount(Live, { target: document.getElementById("app")!, props: { session, name: sessionId.slice(0, 6) } });
