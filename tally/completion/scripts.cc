#include "tally/completion/scripts.h"

#include <string_view>

namespace tallyman::tally {
namespace {

// COMP_TYPE 63 ("?") lists candidates and inserts nothing, so that descriptions
// can stand there.
constexpr std::string_view kBash = R"script(# bash completion of tally
_tally() {
  local program="${1/#\~\//${HOME}/}" answer='' candidate description
  answer="$("${program}" __complete line "${COMP_LINE:0:COMP_POINT}" \
    "${COMP_WORDBREAKS}" 2>/dev/null)" || return 0
  COMPREPLY=()
  local -a lines
  mapfile -t lines <<<"${answer}"
  if [[ "${lines[0]}" == files ]]; then
    # Of an option with "=", bash gives what stands behind it.
    local word="${2#*=}"
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "${word}")
    return 0
  fi
  local line
  for line in "${lines[@]:1}"; do
    candidate="${line%%$'\t'*}"
    description="${line#*$'\t'}"
    if [[ "${COMP_TYPE:-0}" -eq 63 && "${#lines[@]}" -gt 2 &&
      -n "${description}" ]]; then
      candidate+="  (${description})"
    fi
    COMPREPLY+=("${candidate}")
  done
  if [[ "${#COMPREPLY[@]}" -eq 1 && "${COMPREPLY[0]}" == *= ]]; then
    compopt -o nospace 2>/dev/null
  fi
  return 0
}
complete -F _tally tally
)script";

constexpr std::string_view kZsh = R"script(#compdef tally
# zsh completion of tally

_tally() {
  local -a answer spaced joined
  local line candidate
  # The words before the cursor without quoting, and the begin of that at it.
  answer=("${(@f)$("${(Q)words[1]}" __complete words \
    "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  if [[ "${answer[1]}" == files ]]; then
    [[ "${PREFIX}" == --*=* ]] && compset -P '*='
    _files
    return
  fi
  for line in "${(@)answer[2,-1]}"; do
    candidate="${line%%$'\t'*}"
    candidate="${candidate//\\/\\\\}"
    candidate="${candidate//:/\\:}:${line#*$'\t'}"
    if [[ "${line%%$'\t'*}" == *= ]]; then
      joined+=("${candidate}")
    else
      spaced+=("${candidate}")
    fi
  done
  local status_code=1
  (( $#spaced )) && _describe -t tally tally spaced && status_code=0
  (( $#joined )) && _describe -t tally tally joined -S '' && status_code=0
  return status_code
}

if [[ "${funcstack[1]}" == _tally ]]; then
  _tally "$@"
else
  compdef _tally tally
fi
)script";

constexpr std::string_view kFish = R"script(# fish completion of tally
function __tally_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    # An open quotation mark cannot be removed: then as it is typed.
    set -l current (string unescape -- $typed)
    or set current (string trim --left --chars '"\'' -- $typed)
    set -l answer (command $words[1] __complete words $words[2..-1] "$current" 2>/dev/null)
    or return
    if test "$answer[1]" = files
        set -l prefix (string match --regex -- '^--[^=]+=' "$current")
        set -l path (string replace --regex -- '^--[^=]+=' '' "$current")
        for file in (__fish_complete_path "$path")
            printf '%s%s\n' "$prefix" $file
        end
        return
    end
    printf '%s\n' $answer[2..-1]
end
complete --command tally --no-files --keep-order --arguments '(__tally_complete)'
)script";

}  // namespace

std::string_view CompletionScript(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return "";
}

}  // namespace tallyman::tally
