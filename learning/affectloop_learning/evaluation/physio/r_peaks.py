"""R peaks of an ECG: ours as the service collects them, neurokit2's over the whole record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from affectloop.dsp.cardiac.beats import r_peaks
from affectloop_learning.datasets.physiology import read_mitbih
from affectloop_learning.evaluation.physio.neurokit import neurokit
from affectloop_learning.evaluation.scores import Agreement, agreement, pooled
from affectloop_learning.markdown import Table
from affectloop_learning.progress import counted
from affectloop_learning.replay.physio import beats_in_hops


def r_peak_table(records: Sequence[Path]) -> Table:
    """Per record and pooled: ours as the service collects beats, neurokit2 over the whole record."""
    methods: dict[str, list[tuple[Agreement, Agreement]]] = {"ours": [], "neurokit": [], "pantompkins1985": []}
    table: Table = [("record", "beats", "F1 150 ms", "F1 50 ms", "jitter ms", "neurokit 150 / 50", "Pan-Tompkins 150 / 50")]
    for path in counted(records, "records of R peaks"):
        ecg = read_mitbih(path.parent, path.stem)
        found = {"ours": beats_in_hops(ecg.millivolts, ecg.rate_hz, r_peaks)}
        for method in ("neurokit", "pantompkins1985"):
            clean = neurokit("ecg_clean", ecg.millivolts, sampling_rate=int(ecg.rate_hz), method=method)
            peaks = neurokit("ecg_peaks", clean, sampling_rate=int(ecg.rate_hz), method=method)
            found[method] = np.asarray(peaks[1]["ECG_R_Peaks"], float) / ecg.rate_hz
        for method, at in found.items():
            methods[method].append((agreement(ecg.beats_s, at, 0.15), agreement(ecg.beats_s, at, 0.05)))
        table.append(r_peak_row(ecg.name, [scores[-1] for scores in methods.values()]))
    both = [(pooled(wide for wide, _ in scores), pooled(narrow for _, narrow in scores)) for scores in methods.values()]
    return [*table, r_peak_row("**all**", both)]


def r_peak_row(name: str, scores: list[tuple[Agreement, Agreement]]) -> tuple[str, ...]:
    """One record's row: ours, then the others."""
    (wide, narrow), *others = scores
    beats = str(wide.matched + wide.missed)
    rest = (f"{a.f1:.4f} / {b.f1:.4f}" for a, b in others)
    return (name, beats, f"{wide.f1:.4f}", f"{narrow.f1:.4f}", f"{1e3 * narrow.errors.std():.1f}", *rest)
