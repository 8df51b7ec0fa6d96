import { mount } from "svelte";
import "../tokens.css";
import Sessions from "./Sessions.svelte";

mount(Sessions, { target: document.getElementById("app")! });
