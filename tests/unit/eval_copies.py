"""Small copies of published sets, made by hand in the form in which they are published."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import av
import numpy as np


def small_film(path: Path, rate: int = 10, frames: int = 40) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(frames):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        file.mux(stream.encode())


def small_sound(path: Path, seconds: float = 6.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(round(seconds * 16000) * 2))


def repcount_a(folder: Path, row: str = "push_up,a.mp4,2,5,15,15,30,") -> Path:
    small_film(folder / "video/test/a.mp4")
    (folder / "annotation").mkdir()
    (folder / "annotation/test.csv").write_text(f"type,name,count,L1,L2,L3,L4,L5\n{row}\n")
    return folder


def charades_v1(folder: Path, actions: str = "c001 0.00 30.00;c002 1.00 2.50;c003 1 2;c003 2 3") -> Path:
    small_film(folder / "Charades_v1_480/ABCDE.mp4")
    (folder / "Charades_v1_classes.txt").write_text("c001 Holding a cup\nc002 Closing a door\nc003 Sitting\n")
    header = "id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length"
    (folder / "Charades_v1_test.csv").write_text(f'{header}\nABCDE,S,Kitchen,6,7,Yes,"a, b",cup,d,{actions},30.5\n')
    return folder


def proactive_qa(
    folder: Path,
    span: object = (3.1, 6.0),
    related: object = (3.1, 5.0),
    answer: str = "A donkey.",
    subtitles: tuple[str, ...] = ("Subtitle: hello",),
) -> Path:
    small_film(folder / "WEB/videos/x.mp4")
    due = {"role": "assistant", "content": answer, "related_timespan": related, "reply_timespan": span}
    asked = [{"role": "user", "content": "What creature is shown?", "time": 0}]
    asked += [{"role": "user", "content": text, "time": 1.5} for text in subtitles]
    entry = {"video": "x.mp4", "question_id": "x", "answer": [due], "conversation": asked, "duration": 12.9}
    (folder / "WEB/anno.json").write_text(json.dumps([entry]))
    return folder


def full_duplex(folder: Path) -> Path:
    notes = {
        "v1_0/candor_pause_handling/1/pause.json": [{"text": "[PAUSE]", "timestamp": [2.0, 3.0]}],
        "v1_0/candor_turn_taking/1/turn_taking.json": [{"text": "[TURN-TAKING]", "timestamp": [4.0, 4.4]}],
        "v1_5/user_interruption/7/metadata.json": {"context_text": "a", "timestamps": [3.0, 5.0]},
        "v1_5/user_backchannel/7/metadata.json": {"context_text": "a", "timestamps": [3.0, 3.5]},
    }
    for name, content in notes.items():
        small_sound(folder / Path(name).parent / "input.wav")
        (folder / name).write_text(json.dumps(content))
    small_sound(folder / "v1_0/icc_backchannel/1/input.wav")
    return folder
