/** Completion for bash 3.2 and later, without the bash-completion package. */
import type { Outline } from "./outline.ts";
import { placeOf, quoted, valuesOf, wordsAfter } from "./words.ts";

/** A script to source. */
export function bashScript(outlines: readonly Outline[]): string {
  const places = outlines.map((outline) => {
    const { commands, flags } = wordsAfter(outline);
    const words = (list: readonly { word: string }[]) => quoted(list.map(({ word }) => word).join(" "));
    return `    ${quoted(placeOf(outline))}) commands=${words(commands)}; flags=${words(flags)} ;;`;
  });
  const values = outlines.flatMap((outline) =>
    valuesOf(outline).map(
      ({ flag, options }) =>
        `    ${quoted(`${placeOf(outline)} ${flag}`)}) values=${quoted(options.join(" "))} ;;`,
    ),
  );
  return `# bash completion for relayfile
_relayfile() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local place='' word commands='' flags='' values='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in -*) continue ;; esac
    case "\${place:+$place }$word" in
${knownPlaces(outlines)}
    esac
  done
  case "$place" in
${places.join("\n")}
  esac
  case "$place $previous" in
${values.join("\n")}
    *) ;;
  esac
  if [ -n "$values" ]; then
    COMPREPLY=($(compgen -W "$values" -- "$current"))
  elif [ "\${current#-}" != "$current" ]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [ -n "$commands" ]; then
    COMPREPLY=($(compgen -W "$commands" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _relayfile relayfile
`;
}

/** Each known sequence of names moves the place one step down; other words are arguments. */
function knownPlaces(outlines: readonly Outline[]): string {
  const below = outlines.filter(({ path }) => path.length > 0).map((outline) => quoted(placeOf(outline)));
  return below.length === 0 ? "      *) ;;" : `      ${below.join("|")}) place="\${place:+$place }$word" ;;`;
}
