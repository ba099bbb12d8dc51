#!/usr/bin/env bash
#
# Draws which folder uses which, from the BUILD files, into docs/design.md:
#
#   tools/lint/arrows.sh            rewrites the part between the two markers
#   tools/lint/arrows.sh --check    fails if that part is not up to date
#
# Tests, test helpers and tools are left out. The folders of operating systems
# implement headers of platform and count as part of that package. A cycle between
# folders is an error.

set -euo pipefail

cd -- "${BASH_SOURCE[0]%/*}/../.."
readonly document=docs/design.md
readonly begin='<!-- tools/lint/arrows.sh writes from here -->'
readonly end='<!-- to here -->'
readonly folders='(api|auth|platform|server|stacks|storage)'

# Prints `FROM TO` for each dependency between targets of two folders.
arrows() {
  # Not --output=graph, which loses edges between patterns.
  tools/bazel query --noshow_progress --output=xml \
    "kind('(cc_(library|binary)|alias) rule', //...) except attr(testonly, 1, //...)" \
    2>"${errors}" >"${work}/rules" || {
    cat -- "${errors}" >&2
    return 1
  }
  awk -F '"' -v folders="^//${folders}[/:]" '
    function folder(label) {
      sub("^//", "", label)
      sub(":.*", "", label)
      sub("^platform/(linux|macos|unsupported|windows)$", "platform", label)
      return label
    }
    /<rule class=/ { from = $6 }
    /<list name="(implementation_)?deps">/ { inside = 1 }
    /<\/list>/ { inside = 0 }
    inside && /<label value=/ { to = $2 }
    /<label name="actual" value=/ { to = $4 }
    to != "" {
      if (from ~ folders && to ~ folders && folder(from) != folder(to)) print folder(from), folder(to)
      to = ""
    }' "${work}/rules" | sort -u
}

# Prints a graph without the arrows that follow from others, and a table with all.
draw() {
  awk '
    {
      uses[$1, $2] = 1
      for (i = 1; i <= 2; i++) if (!($i in known)) { known[$i] = 1; names[++count] = $i }
    }
    function id(name) { gsub("/", "_", name); return name }
    END {
      for (k in uses) reach[k] = 1
      for (b = 1; b <= count; b++)
        for (a = 1; a <= count; a++)
          if ((names[a], names[b]) in reach)
            for (c = 1; c <= count; c++)
              if ((names[b], names[c]) in reach) reach[names[a], names[c]] = 1
      for (a = 1; a <= count; a++)
        if ((names[a], names[a]) in reach) {
          print "a cycle goes through the folder " names[a] > "/dev/stderr"
          exit 1
        }
      # Sorts names; there are few.
      for (a = 1; a <= count; a++)
        for (b = a + 1; b <= count; b++)
          if (names[b] < names[a]) { t = names[a]; names[a] = names[b]; names[b] = t }

      print "```mermaid"
      print "graph TD"
      for (a = 1; a <= count; a++) print "  " id(names[a]) "[" names[a] "]"
      for (a = 1; a <= count; a++)
        for (b = 1; b <= count; b++) {
          if (!((names[a], names[b]) in uses)) continue
          implied = 0
          for (c = 1; c <= count; c++)
            if (((names[a], names[c]) in reach) && ((names[c], names[b]) in reach)) implied = 1
          if (!implied) print "  " id(names[a]) " --> " id(names[b])
        }
      print "```"
      print ""
      print "| folder | uses |"
      print "| --- | --- |"
      for (a = 1; a <= count; a++) {
        list = ""
        for (b = 1; b <= count; b++)
          if ((names[a], names[b]) in uses) list = list (list == "" ? "" : ", ") "`" names[b] "`"
        print "| `" names[a] "` | " (list == "" ? "no other" : list) " |"
      }
    }'
}

work="$(mktemp -d)"
readonly work errors="${work}/errors"
trap 'rm -rf -- "${work}"' EXIT

arrows >"${work}/arrows"
[[ -s "${work}/arrows" ]] || {
  printf 'the query found no arrow\n' >&2
  exit 1
}
draw <"${work}/arrows" >"${work}/drawing"

for marker in "${begin}" "${end}"; do
  grep -qxF -e "${marker}" -- "${document}" || {
    printf '%s has no line "%s"\n' "${document}" "${marker}" >&2
    exit 1
  }
done
awk -v begin="${begin}" -v end="${end}" -v drawing="${work}/drawing" '
  $0 == end { inside = 0 }
  !inside { print }
  $0 == begin {
    inside = 1
    print ""
    while ((getline line < drawing) > 0) print line
    print ""
  }' "${document}" >"${work}/document"

if [[ "${1:-}" == --check ]]; then
  if ! diff -u --label "${document}" --label 'BUILD files' -- "${document}" "${work}/document"; then
    printf '%s does not show the dependencies of the BUILD files: run tools/lint/arrows.sh\n' \
      "${document}" >&2
    exit 1
  fi
  printf '%d arrows, as in %s\n' "$(wc -l <"${work}/arrows")" "${document}"
else
  cat -- "${work}/document" >"${document}"
fi
