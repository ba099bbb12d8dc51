// A program in another workspace: takes //platform, and nothing else.

#include <cstdio>
#include <memory>
#include <string>

#include "platform/process_lister.h"

int main() {
  using tallyman::platform::ProcessLister;
  using tallyman::platform::ProcessSnapshot;

  const absl::StatusOr<std::unique_ptr<ProcessLister>> lister =
      ProcessLister::Create({});
  if (!lister.ok()) {
    std::fprintf(stderr, "%s\n", lister.status().ToString().c_str());
    return 1;
  }
  const absl::StatusOr<ProcessSnapshot> snapshot = (*lister)->List({});
  if (!snapshot.ok()) {
    std::fprintf(stderr, "%s\n", snapshot.status().ToString().c_str());
    return 1;
  }
  for (const tallyman::platform::Process& process : snapshot->processes()) {
    std::printf("%d %s %s\n", process.pid, std::string(process.user).c_str(),
                std::string(process.name).c_str());
  }
  return 0;
}
