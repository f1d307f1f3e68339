/** Completion for PowerShell 5.1 and later. */
import type { Outline } from "./outline.ts";
import { placeOf, quoted, wordsAfter } from "./words.ts";

/** A script to evaluate in the profile. */
export function powershellScript(outlines: readonly Outline[]): string {
  const entries = outlines.map((outline) => {
    const { commands, flags } = wordsAfter(outline);
    const words = [...commands, ...flags].map(
      ({ word, description }) => `${quoted(word, "powershell")} = ${quoted(description, "powershell")}`,
    );
    return `    ${quoted(placeOf(outline), "powershell")} = [ordered]@{ ${words.join("; ")} }`;
  });
  return `# PowerShell completion for relayfile
Register-ArgumentCompleter -Native -CommandName relayfile -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $places = @{
${entries.join("\n")}
  }
  $place = ''
  foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {
    $word = $element.ToString()
    if ($word.StartsWith('-') -or $element.Extent.EndOffset -ge $cursorPosition) { continue }
    $next = "$place $word".Trim()
    if ($places.ContainsKey($next)) { $place = $next }
  }
  foreach ($entry in $places[$place].GetEnumerator()) {
    if ($entry.Key -clike "$wordToComplete*") {
      [System.Management.Automation.CompletionResult]::new($entry.Key, $entry.Key, 'ParameterValue', $entry.Value)
    }
  }
}
`;
}
