/** Completion for zsh, to be placed in `fpath` or evaluated. */
import type { Outline } from "./outline.ts";
import { placeOf, quoted, valuesOf, type Word, wordsAfter } from "./words.ts";

/** A script for `_relayfile`. */
export function zshScript(outlines: readonly Outline[]): string {
  const list = (words: readonly Word[]) =>
    words.map(({ word, description }) => quoted(`${word}:${description}`)).join(" ");
  const places = outlines.map((outline) => {
    const { commands, flags } = wordsAfter(outline);
    return `    ${quoted(placeOf(outline))}) commands=(${list(commands)}); flags=(${list(flags)}) ;;`;
  });
  const values = outlines.flatMap((outline) =>
    valuesOf(outline).map(
      ({ flag, options }) =>
        `    ${quoted(`${placeOf(outline)} ${flag}`)}) options=(${options.map((option) => quoted(option)).join(" ")}) ;;`,
    ),
  );
  const below = outlines.filter(({ path }) => path.length > 0).map((outline) => quoted(placeOf(outline)));
  return `#compdef relayfile
_relayfile() {
  local place='' word
  local -a commands flags options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ $word == -* ]] && continue
    case "\${place:+$place }$word" in
      ${below.join("|")}) place="\${place:+$place }$word" ;;
    esac
  done
  case "$place" in
${places.join("\n")}
  esac
  case "$place \${words[CURRENT-1]}" in
${values.join("\n")}
    *) ;;
  esac
  if (( \${#options} )); then
    compadd -a options
  elif [[ \${words[CURRENT]} == -* ]]; then
    _describe -o flag flags
  elif (( \${#commands} )); then
    _describe command commands
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_relayfile" ]; then
  _relayfile "$@"
else
  compdef _relayfile relayfile
fi
`;
}
