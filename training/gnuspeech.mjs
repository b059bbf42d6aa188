// Speaks lines of JSON {words, voice, file} from stdin, each to its own wav; voice is the text of a GnuSpeech voice file
// and control a GnuSpeech control file. Run by training/gnuspeech.py in a process of its own (GPL-3.0).
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { default: start } = await import(pathToFileURL(`${process.argv[2]}/wasm/gnuspeech.js`).href);
const m = await start();
const string = (text) => {
  const size = m.lengthBytesUTF8 ? m.lengthBytesUTF8(text) + 1 : Buffer.byteLength(text) + 1;
  const at = m._malloc(size);
  m.HEAPU8.set([...Buffer.from(text), 0], at);
  return at;
};
for await (const line of createInterface({ input: process.stdin })) {
  const { words, voice, control, file } = JSON.parse(line);
  m.FS.writeFile("/data/en/voice_male.txt", voice);
  m.FS.writeFile("/data/en/trm_control_model.txt", control);
  const args = [words, "./out.wav", "/data/en", "./params.txt"].map(string);
  m._GnuSpeech_synthesizeToFile(...args, 0);
  args.forEach((at) => m._free(at));
  writeFileSync(file, m.FS.readFile("./out.wav"));
  console.log(file);
}
