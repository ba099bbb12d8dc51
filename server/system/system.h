// What the server asks of its system besides sockets and files.

#ifndef TALLYMAN_SERVER_SYSTEM_SYSTEM_H_
#define TALLYMAN_SERVER_SYSTEM_SYSTEM_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tallyman::server {

// The arguments of main() in UTF-8. On Windows those of main() are not.
std::vector<std::string> Arguments(int argc, char** argv);

// The same as main() has them, for libraries: a pointer to each argument, which
// stays the caller's, and a null pointer.
std::vector<char*> PointersTo(std::vector<std::string>& arguments);

// The name of this machine (gethostname(2)); "" if it has none.
std::string HostName();

// The default of --data_dir, and its rule for --help. `tallyman` in
// $XDG_DATA_HOME or in ~/.local/share (XDG Base Directory Specification), and
// /var/lib/tallyman for a user without a home directory; on Windows in
// %LOCALAPPDATA%, else in %ProgramData%. For a process with one thread.
std::string DefaultDataDir();
std::string_view DefaultDataDirRule();

// Raises the soft limit on open files to the hard limit, since each connection
// and each instance takes descriptors. Returns the soft limit before, which
// instances get: select(2) breaks in programs with a larger one. 0: unlimited,
// unknown, or a system without such a limit.
int64_t RaiseOpenFiles();

// Makes a write to a connection or pipe whose reader has gone an error (EPIPE)
// and not the end of the process.
void IgnoreBrokenPipes();

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_SYSTEM_SYSTEM_H_
