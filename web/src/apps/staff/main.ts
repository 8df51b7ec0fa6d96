import { mount } from "svelte";
import "../../ui/theme.css";
import Sessions from "./Sessions.svelte";

mount(Sessions, { target: document.getElementById("app")! });
