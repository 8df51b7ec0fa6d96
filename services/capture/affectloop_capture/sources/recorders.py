"""Files that other recorders and programs write and that are not played: what they are, and how what is in them can be."""

from __future__ import annotations

import re
from dataclasses import dataclass

E4_LAYOUT = (
    "tables of an Empatica E4 in a folder (EDA.csv in uS at 4 Hz, BVP.csv at 64 Hz, ACC.csv in 1/64 g at 32 Hz, TEMP.csv in degrees Celsius"
    " at 4 Hz; row 1 the start in Unix seconds, row 2 the rate, both in every column)"
)
_WFDB_HEADER = re.compile(rb"(?:#[^\n]*\r?\n)*[\w./-]+ \d+ \d+(?:[./(]\S*)? ?\d*[^\n\0]*\r?\n")


@dataclass(frozen=True, slots=True)
class Recorder:
    """One kind of file that is not played."""

    name: str  # with its article, after "is"
    tool: str  # what opens it
    begins: tuple[tuple[int, bytes], ...] = ()  # where in the file, and with what
    suffixes: tuple[str, ...] = ()
    is_signals: bool = True

    @property
    def remedy(self) -> str:
        """What to do with it."""
        return f"{self.tool} reads it: write its signals as {E4_LAYOUT}" if self.is_signals else self.tool


RECORDERS = (
    Recorder("an EDF recording", "pyEDFlib, MNE-Python or EDFbrowser", ((0, b"0       "),), (".edf", ".rec")),
    Recorder("a BDF recording", "pyEDFlib, MNE-Python or EDFbrowser", ((0, b"\xffBIOSEMI"),), (".bdf",)),
    Recorder("a GDF recording", "MNE-Python", ((0, b"GDF "),), (".gdf",)),
    Recorder("an XDF recording of LabRecorder", "pyxdf", ((0, b"XDF:"),), (".xdf", ".xdfz")),
    Recorder("a BrainVision recording", "MNE-Python", ((0, b"Brain Vision"), (0, b"BrainVision")), (".vhdr", ".vmrk", ".eeg")),
    Recorder("a MATLAB file", "scipy.io.loadmat", ((0, b"MATLAB 5.0"),), (".mat", ".set")),
    Recorder("a MATLAB 7.3 file (HDF5)", "h5py", ((0, b"MATLAB 7.3"),)),
    Recorder("an HDF5 file", "h5py", ((0, b"\x89HDF\r\n\x1a\n"), (512, b"\x89HDF\r\n\x1a\n")), (".h5", ".hdf5", ".nwb", ".snirf")),
    Recorder("an AcqKnowledge recording", "bioread", (), (".acq",)),
    Recorder(
        "a LabChart recording", "LabChart, which exports text, or adinstruments_sdk", ((0, b"CFWB"),), (".adicht", ".adidat", ".adibin")
    ),
    Recorder("an Avro file of an Empatica EmbracePlus", "fastavro", ((0, b"Obj\x01"),), (".avro",)),
    Recorder("a text of OpenSignals", "pandas.read_csv with comment='#'", ((0, b"# OpenSignals Text File"),)),
    Recorder("a text of OpenBCI", "pandas.read_csv with comment='%'", ((0, b"%OpenBCI"), (0, b"%STARTLOG"))),
    Recorder("a table of a Shimmer", "pandas.read_csv with skiprows", ((0, b"sep="), (0, b'"sep='))),
    Recorder("a record of PhysioNet (WFDB)", "the Python package wfdb", (), (".hea", ".dat", ".atr", ".qrs", ".ecg")),
    Recorder("a recording of an Axivity", "openmovement", ((0, b"MD\xfc\x03"),), (".cwa",)),
    Recorder("an actigraph's recording", "pygt3x", (), (".gt3x",)),
    Recorder("a FIT file of a sports watch", "fitdecode", ((8, b".FIT"),), (".fit",)),
    Recorder("an FIF recording", "MNE-Python", (), (".fif",)),
    Recorder("a TDMS recording of LabVIEW", "npTDMS", ((0, b"TDSm"),), (".tdms",)),
    Recorder("a Spike2 recording", "Neo", (), (".smr", ".smrx")),
    Recorder(
        "a pickle of Python",
        "pickle, if you trust who wrote it,",
        ((0, b"\x80\x02"), (0, b"\x80\x03"), (0, b"\x80\x04"), (0, b"\x80\x05")),
        (".pkl",),
    ),
    Recorder("a JSON text", "Python's json", ((0, b'{"'), (0, b"[{")), (".json", ".jsonl")),
    Recorder("an XML text", "pandas.read_xml", ((0, b"<?xml"),), (".xml", ".tcx", ".gpx")),
    Recorder("a NumPy file", "numpy.load", ((0, b"\x93NUMPY"),), (".npy", ".npz")),
    Recorder("a Parquet file", "pandas.read_parquet", ((0, b"PAR1"),), (".parquet",)),
    Recorder("a database of SQLite", "sqlite3", ((0, b"SQLite format 3\0"),), (".db", ".sqlite")),
    Recorder("a spreadsheet", "a spreadsheet program", ((0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),), (".xls", ".xlsx", ".ods")),
    Recorder("a table", "pandas.read_csv", (), (".csv", ".tsv", ".txt", ".asc")),
    Recorder(
        "an archive",
        "unpack it and give what is in it",
        (
            (0, b"\x1f\x8b"),
            (0, b"7z\xbc\xaf\x27\x1c"),
            (0, b"Rar!\x1a\x07"),
            (0, b"BZh"),
            (0, b"\xfd7zXZ\0"),
            (0, b"\x28\xb5\x2f\xfd"),
            (257, b"ustar"),
        ),
        (".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz"),
        is_signals=False,
    ),
    Recorder(
        "a picture",
        "give a video",
        ((0, b"\xff\xd8\xff"), (0, b"\x89PNG\r\n\x1a\n"), (0, b"GIF8"), (0, b"II*\0"), (0, b"MM\0*")),
        (".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".bmp"),
        is_signals=False,
    ),
    Recorder(
        "a document",
        "give the recording itself",
        ((0, b"%PDF-"), (0, b"<!DOCTYPE"), (0, b"<!doctype"), (0, b"<html"), (0, b"{\\rtf")),
        (".pdf", ".html", ".docx"),
        is_signals=False,
    ),
)
E4_TABLES = ("eda", "bvp", "acc", "temp", "hr", "ibi", "tags")
ONE_TABLE = "give the folder or zip that it lies in, with the other tables"


def recorder_of(first_bytes: bytes) -> Recorder | None:
    """The kind of file by its first bytes; ``None`` where none begins so."""
    found = next((each for each in RECORDERS if any(first_bytes[at : at + len(mark)] == mark for at, mark in each.begins)), None)
    return found or (_by_suffix(".hea") if _WFDB_HEADER.match(first_bytes) and b" " in first_bytes else None)


def recorder_named(name: str) -> Recorder | None:
    """The kind of file by its name; ``None`` where none is called so."""
    stem, _, suffix = name.lower().rpartition(".")
    found = _by_suffix(f".{suffix}")
    if found and found.name == "a table" and any(stem.startswith(table) for table in E4_TABLES):
        return Recorder("one table of an Empatica E4", ONE_TABLE, is_signals=False)
    return found


def _by_suffix(suffix: str) -> Recorder | None:
    return next((each for each in RECORDERS if suffix in each.suffixes), None)
