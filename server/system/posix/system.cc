#include "server/system/system.h"

#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

namespace tallyman::server {

std::vector<std::string> Arguments(int argc, char** argv) {
  return {argv, argv + argc};
}

std::string HostName() {
  std::array<char, 256> name = {};
  if (gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

std::string DefaultDataDir() {
  // NOLINTBEGIN(concurrency-mt-unsafe): the process has one thread.
  // The specification says to ignore relative paths.
  const char* const data_home = std::getenv("XDG_DATA_HOME");
  if (data_home != nullptr && data_home[0] == '/') {
    return absl::StrCat(data_home, "/tallyman");
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || home[0] == '\0') {
    const passwd* const user = getpwuid(geteuid());
    home = user == nullptr ? nullptr : user->pw_dir;
  }
  // NOLINTEND(concurrency-mt-unsafe)
  if (home == nullptr || home[0] != '/') return "/var/lib/tallyman";
  return absl::StrCat(home, "/.local/share/tallyman");
}

std::string_view DefaultDataDirRule() {
  return "$XDG_DATA_HOME/tallyman, else ~/.local/share/tallyman, else "
         "/var/lib/tallyman";
}

int64_t RaiseOpenFiles() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const int64_t before = limit.rlim_cur == RLIM_INFINITY
                             ? 0
                             : static_cast<int64_t>(limit.rlim_cur);
  limit.rlim_cur = limit.rlim_max;
  // On failure the limit stays as it is.
  setrlimit(RLIMIT_NOFILE, &limit);
  return before;
}

void IgnoreBrokenPipes() { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace tallyman::server
