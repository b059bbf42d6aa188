// A small language model behind standard input: one JSON object a line, {prompt, max_tokens, stop}, answered by
// {text, cpu_s, tokens}. One thread, greedy. The beginning that a prompt shares with the one before is not read again.
import {createInterface} from "node:readline";
import {getLlama, LlamaCompletion} from "node-llama-cpp";

const [modelPath, contextSize, threads] = process.argv.slice(2);
const llama = await getLlama({gpu: false, build: "never", maxThreads: Number(threads), logLevel: "error"});
const model = await llama.loadModel({modelPath});
const context = await model.createContext({contextSize: Number(contextSize), threads: Number(threads)});
const completion = new LlamaCompletion({contextSequence: context.getSequence()});
process.stdout.write(JSON.stringify({ready: true}) + "\n");

for await (const line of createInterface({input: process.stdin})) {
  const asked = JSON.parse(line);
  const before = process.cpuUsage();
  const tokens = model.tokenize(asked.prompt, true);
  const text = await completion.generateCompletion(tokens, {
    maxTokens: Math.min(asked.max_tokens, Number(contextSize) - tokens.length - 8),
    temperature: 0,
    customStopTriggers: asked.stop ?? [],
  });
  const spent = process.cpuUsage(before);
  const cpu_s = (spent.user + spent.system) / 1e6;
  process.stdout.write(JSON.stringify({text, cpu_s, tokens: tokens.length}) + "\n");
}
