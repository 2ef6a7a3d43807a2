#!/usr/bin/env bash
# Every endpoint once, with curl. The host is at $BASE_URL and its client key in $API_KEY; the defaults are those of
# `npm run demo` and `npm start`. Exits with 1 if any answer was an error. Where real keys are set it spends money:
# it buys answers, pictures and speech.
set -uo pipefail
BASE_URL=${BASE_URL:-http://localhost:8080}
API_KEY=${API_KEY:-sk-your-api-key}
files=$(mktemp -d)
trap 'rm -r "$files"' EXIT
failed=0

# ask METHOD PATH [what else curl is told]
ask() {
  printf '\n== %s %s\n' "$1" "$2"
  curl -sS --fail-with-body -X "$1" -H "Authorization: Bearer $API_KEY" "${@:3}" "$BASE_URL$2" || failed=1
  echo
}
post() { ask POST "$1" -H 'Content-Type: application/json' -d "$2" "${@:3}"; }
size='%{size_download} bytes'
hello='"messages": [{"role": "user", "content": "Hello there!"}]'

ask GET /v0/status
ask GET /v1/models
ask GET /v1/models/anthropic:claude-opus-5-5
post /v1/chat/completions '{"model": "anthropic:claude-opus-5-5", '"$hello"'}'
post /v1/chat/completions '{"model": "google:gemini-3.8-flash", "stream": true, '"$hello"'}' --no-buffer
post /v1/completions '{"model": "anthropic:claude-opus-5-5", "prompt": "Once upon a time"}'
post /v1/responses '{"model": "google:gemini-3.8-flash", "input": "Hello there!"}'
post /v1/embeddings '{"model": "google:gemini-embedding-001", "input": "Hello there!", "dimensions": 128}'

# What only OpenAI has. A picture and a sound are made first; the other endpoints get them as files.
post /v1/moderations '{"model": "openai:omni-moderation-latest", "input": "Hello there!"}'
post /v1/images/generations '{"model": "openai:gpt-image-1", "prompt": "A small red boat"}' -o "$files/image.json" -w "$size"
sed -n 's/.*"b64_json": *"\([^"]*\)".*/\1/p' "$files/image.json" | base64 -d >"$files/image.png"
ask POST /v1/images/edits -F model=openai:gpt-image-1 -F prompt=Blue -F "image=@$files/image.png" -o "$files/blue.json" -w "$size"
ask POST /v1/images/variations -F model=openai:dall-e-2 -F "image=@$files/image.png" -o "$files/other.json" -w "$size"
post /v1/audio/speech '{"model": "openai:tts-1", "voice": "alloy", "input": "Hello there!"}' -o "$files/speech.mp3" -w "$size"
ask POST /v1/audio/transcriptions -F model=openai:whisper-1 -F "file=@$files/speech.mp3"
ask POST /v1/audio/translations -F model=openai:whisper-1 -F "file=@$files/speech.mp3"

exit $failed
