// Reads a JSON array of texts and prints the JSON array of their o200k token counts.
// Argument: the directory in whose node_modules gpt-tokenizer is installed.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const { countTokens } = createRequire(join(process.argv[2], "package.json"))("gpt-tokenizer/encoding/o200k_base");
const texts = JSON.parse(readFileSync(0, "utf8"));
// Customers may write "<|endoftext|>": it is text here, not a command.
const asText = { disallowedSpecial: new Set() };
process.stdout.write(JSON.stringify(texts.map((text) => countTokens(text, asText))));
