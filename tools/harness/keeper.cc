#include "tools/harness/keeper.h"

#include <sys/types.h>

#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/testing/proc_file.h"

namespace tallyman::harness {

absl::StatusOr<pid_t> FindKeeper(const std::string& data_dir) {
  const std::string path = absl::StrCat(data_dir, "/keeper.lock");
  std::ifstream file(path);
  pid_t pid = 0;
  if (!(file >> pid)) {
    return absl::NotFoundError(
        absl::StrCat("there is no keeper: no pid in \"", path, "\""));
  }
  const char nul[] = {'\0'};
  const std::string_view separator(nul, 1);
  // A zombie has no arguments.
  const std::optional<std::string> arguments =
      platform::ReadProc(pid, "cmdline");
  if (!arguments ||
      !absl::StrContains(*arguments, absl::StrCat("--keeper", separator,
                                                  data_dir, separator))) {
    return absl::NotFoundError(
        absl::StrCat("the keeper ", pid, " of \"", path, "\" has ended"));
  }
  return pid;
}

}  // namespace tallyman::harness
