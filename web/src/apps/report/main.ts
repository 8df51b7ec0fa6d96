import { mount } from "svelte";
import "../../ui/theme.css";
import { markStopped } from "../../tracks/faults";
import type { Report } from "./data";
import Page from "./Page.svelte";

const report = JSON.parse(document.getElementById("data")!.textContent!) as Report;
markStopped(report.tracks, report.figures.stopped_by_fault);
mount(Page, { target: document.getElementById("app")!, props: { report } });
