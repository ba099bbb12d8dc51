#!/usr/bin/env bash
#
# Prints the manual page tallyman(8), made from `server --help`:
#
#   server_man.sh SERVER

set -euo pipefail

cat <<'END'
.TH TALLYMAN 8 "" "" "System Manager's Manual"
.SH NAME
tallyman \- answers what runs on this machine, and runs so many of that
.SH SYNOPSIS
.B tallyman
.RI [ FLAG ...]
.SH DESCRIPTION
The server lists the processes of this machine over HTTP, and runs as many processes
of each command as an operator asks for.
.BR tally (1)
talks to it, as does a browser. As a service its flags are in
.IR /etc/tallyman/flags ,
one a line.
.SH FLAGS
.nf
END
# The help, without the line that names the program's path; what roff reads at the
# begin of a line or behind a backslash is escaped.
{ "$1" --help || true; } | tail -n +2 | sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^[.']/\\\\\&&/"
cat <<'END'
.fi
.SH FILES
.I /var/lib/tallyman
has tokens, stacks and the output of instances.
.SH SEE ALSO
.BR tally (1)
END
