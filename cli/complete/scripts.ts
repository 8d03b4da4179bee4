import type { Shell } from "../options.js";
import { FILES } from "./complete.js";

/*
 * What a shell is told once. Each asks `jobrunner __complete` at every press of the key, so that a
 * newer jobrunner needs no newer script.
 */

/** A dollar sign that is the shell's. */
const D = "$";

const BASH = String.raw`# bash: put  eval "$(jobrunner completion bash)"  into ~/.bashrc
_jobrunner() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == FILES ]]; then
      compopt -o default 2>/dev/null
    elif [[ -n $line ]]; then
      COMPREPLY+=("${D}{line%%$'\t'*}")
    fi
  done < <("${D}{COMP_WORDS[0]}" __complete -- "${D}{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _jobrunner jobrunner`;

const ZSH = String.raw`#compdef jobrunner
# zsh: put  source <(jobrunner completion zsh)  into ~/.zshrc, behind compinit
_jobrunner() {
  local line files answer
  local -a found
  answer=$("${D}{words[1]}" __complete -- "${D}{(@)words[2,CURRENT]}" 2>/dev/null)
  for line in "${D}{(@f)answer}"; do
    if [[ $line == FILES ]]; then
      files=1
    elif [[ -n $line ]]; then
      found+=("${D}{${D}{line%%$'\t'*}//:/\\:}:${D}{line#*$'\t'}")
    fi
  done
  (( ${D}{#found} )) && _describe -V 'jobrunner' found
  [[ -n $files ]] && _files
}
compdef _jobrunner jobrunner`;

const FISH = String.raw`# fish: write this into ~/.config/fish/completions/jobrunner.fish
function __jobrunner_complete
    set -l before (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($before[1] __complete -- $before[2..-1] "$typed" 2>/dev/null)
        if test "$line" = FILES
            __fish_complete_path "$typed"
        else
            echo $line
        end
    end
end
complete -c jobrunner -f -a '(__jobrunner_complete)'`;

export function completionScript(shell: Shell): string {
  const scripts: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
  return scripts[shell].replaceAll("FILES", FILES);
}
