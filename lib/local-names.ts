/**
 * What the names of local models look like. Fitted to every name of the Ollama library (June 2026: 7,261 names) and
 * to 932 ids of cloud models: all of the former are recognised, none of the latter looks like a tag.
 */

/** Words that are tags as they stand, or with a size behind them: `latest`, `cloud`, `small-h`, `instruct-128k`. */
const TAG_WORDS =
  'latest cloud instruct text chat code python base lite nano micro tiny mini small medium large plus preview ' +
  'alpha beta dpo xs s m l scout maverick zephyr';

/**
 * Tags that begin with a number (`20b`), a version (`v1.5`), a size (`e4b`, `l12`) or a quantisation (`q4_K_M`,
 * `bf16`). What follows has no slash: `01-ai/Yi-34B-Chat` is a cloud's id.
 */
const SIZED_TAG = /^(?:\d|[vl]\d|e\d+b|(?:i?q|b?f|fp|int|mxfp|nvfp)\d|mlx)[\w.-]*$/i;

/** @param more Further tag words, or a pattern of tags. */
export function createTagTest(more: readonly string[] | RegExp = []): (tag: string) => boolean {
  const words = TAG_WORDS.split(' ').concat(more instanceof RegExp ? [] : more);
  const wordTag = new RegExp(`^(?:${words.map(escapeDots).join('|')})(?:-(?:\\d+[kmb]|h|long))?$`, 'i');
  const pattern = more instanceof RegExp ? createPatternTest(more) : undefined;
  return (tag) => SIZED_TAG.test(tag) || wordTag.test(tag) || pattern?.(tag) === true;
}

/** The host's own RegExp, which may have the flag `g` or `y` and then remembers where it stopped. */
export function createPatternTest(pattern: RegExp): (text: string) => boolean {
  const own = new RegExp(pattern);
  return (text) => {
    own.lastIndex = 0;
    return own.test(text);
  };
}

function escapeDots(word: string): string {
  return word.replaceAll('.', '\\.');
}

/** The library's models whose names could be a prefix, that is, without those that hold a dot. */
export const LOCAL_MODELS: ReadonlySet<string> = new Set(
  `
alfred all-minilm athene-v2 aya aya-expanse bakllava bespoke-minicheck bge-large bge-m3 codebooga
codegeex4 codegemma codellama codeqwen codestral codeup cogito command-a command-r command-r-plus
command-r7b command-r7b-arabic dbrx deepcoder deepscaler deepseek-coder deepseek-coder-v2 deepseek-llm
deepseek-ocr deepseek-r1 deepseek-v2 deepseek-v3 deepseek-v4-flash deepseek-v4-pro devstral devstral-2
devstral-small-2 dolphin-llama3 dolphin-mistral dolphin-mixtral dolphin-phi dolphin3 dolphincoder
duckdb-nsql embeddinggemma everythinglm exaone-deep falcon falcon2 falcon3 firefunction-v2 functiongemma
gemini-3-flash-preview gemma gemma2 gemma3 gemma3n gemma4 glm-5 glm-ocr glm4 goliath gpt-oss
gpt-oss-safeguard granite-code granite-embedding granite3-dense granite3-guardian granite3-moe granite4
hermes3 internlm2 lfm2 llama-guard3 llama-pro llama2 llama2-chinese llama2-uncensored llama3 llama3-chatqa
llama3-gradient llama3-groq-tool-use llama4 llava llava-llama3 llava-phi3 magicoder magistral marco-o1
mathstral medgemma meditron medllama2 megadolphin minicpm-v minimax-m3 ministral-3 mistral mistral-large
mistral-large-3 mistral-nemo mistral-openorca mistral-small mistrallite mixtral moondream
mxbai-embed-large nemotron nemotron-3-nano nemotron-3-super nemotron-3-ultra nemotron-cascade-2
nemotron-mini nemotron3 neural-chat nexusraven nomic-embed-text nomic-embed-text-v2-moe notus notux
nous-hermes nous-hermes2 nous-hermes2-mixtral nuextract olmo-3 olmo2 open-orca-platypus2 openchat
opencoder openhermes openthinker orca-mini orca2 paraphrase-multilingual phi phi3 phi4 phi4-mini
phi4-mini-reasoning phi4-reasoning phind-codellama qwen qwen2 qwen2-math qwen3 qwen3-coder
qwen3-coder-next qwen3-embedding qwen3-next qwen3-vl qwq r1-1776 reader-lm reflection rnj-1 sailor2
samantha-mistral shieldgemma smallthinker smollm smollm2 snowflake-arctic-embed snowflake-arctic-embed2
solar solar-pro sqlcoder stable-beluga stable-code stablelm-zephyr stablelm2 starcoder starcoder2
starling-lm tinydolphin tinyllama translategemma tulu3 vicuna wizard-math wizard-vicuna
wizard-vicuna-uncensored wizardcoder wizardlm wizardlm-uncensored wizardlm2 xwinlm yarn-llama2
yarn-mistral yi yi-coder zephyr
`
    .trim()
    .split(/\s+/),
);
