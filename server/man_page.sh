#!/usr/bin/env bash
#
# Prints tallyman(8) with the flags that the server itself lists:
#
#   man_page.sh SERVER CHANGELOG

set -euo pipefail

server="$1"
# The date of the newest release, or of the begin if there is none.
date="$(sed -n 's/^## .*\([0-9]\{4\}-[0-9][0-9]-[0-9][0-9]\)$/\1/p' "$2" | head -n 1)"
readonly server date

# The help as roff shows it line by line (groff_char(7)).
# Exits with 1, as Abseil's flags do.
help="$({ "${server}" --help || true; } |
  sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/'/\\\\(aq/g" -e 's/`/\\(ga/g' -e 's/\^/\\(ha/g' \
    -e 's/~/\\(ti/g' -e 's/^\./\\\&./' -e 's/^$/.sp/')"
readonly help
flags="$(sed -n '/^ *Flags from/,$p' <<<"${help}" | sed -e '/^ *Flags from/d')"
readonly flags
if [[ -z "${flags}" ]]; then
  printf 'man_page.sh: %s --help lists no flags\n' "${server}" >&2
  exit 1
fi

cat <<EOF
.\\" Made from the help of the server.
.TH TALLYMAN 8 ${date:-2026-01-01} Tallyman
.SH NAME
tallyman \\- list the processes of this machine over HTTP, and run those of stacks
.SH SYNOPSIS
\\fBtallyman\\fR [\\fB\\-\\-port\\fR=\\fI8880\\fR] [\\fB\\-\\-data_dir\\fR=\\fIDIRECTORY\\fR] [\\fB\\-\\-flagfile\\fR=\\fIFILE\\fR] ...
.SH DESCRIPTION
The first start makes an admin token and prints it.
SIGTERM or SIGINT stops the server after the requests under way; a second one ends it at once.
The instances of stacks go on, and the next start adopts them.
SIGHUP reads the TLS certificate again.
.SH OPTIONS
Each can stand in the file of \\fB\\-\\-flagfile\\fR, one a line.
.nf
${flags}
.fi
.SH EXIT STATUS
.TP
\\fB0\\fR
Stopped by a signal.
.TP
\\fB1\\fR
The start failed; a line on standard error says why.
.SH FILES
.TP
\\fI/var/lib/tallyman\\fR
The data directory of the Debian package.
.TP
\\fI/etc/tallyman/flags\\fR
Flags of the Debian package.
.SH SEE ALSO
.BR tally (1)
EOF
