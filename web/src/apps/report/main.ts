import { mount } from "svelte";
import "../../ui/theme.css";
import type { Report } from "./data";
import Page from "./Page.svelte";

const report = JSON.parse(document.getElementById("data")!.textContent!) as Report;
mount(Page, { target: document.getElementById("app")!, props: { report } });
