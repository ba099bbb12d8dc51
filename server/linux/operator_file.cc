#include "server/linux/operator_file.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace tallyman::server {

absl::StatusOr<std::string> ReadOperatorFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  // Opening a directory succeeds, reading it fails. << fails for an empty file.
  const bool is_empty =
      file && file.peek() == std::ifstream::traits_type::eof() && !file.bad();
  if (!is_empty && (!file || !(text << file.rdbuf()))) {
    return absl::ErrnoToStatus(errno == 0 ? EIO : errno,
                               absl::StrCat("can't read \"", path, "\""));
  }
  return std::move(text).str();
}

}  // namespace tallyman::server
