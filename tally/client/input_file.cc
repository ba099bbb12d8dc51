#include "tally/client/input_file.h"

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <istream>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace tallyman::tally {
namespace {

constexpr size_t kMaxBytes = size_t{16} << 20;

absl::Status Fail(const std::string& name, int error) {
  const std::string text =
      absl::StrCat(name, ": ", std::generic_category().message(error));
  return error == ENOENT ? absl::NotFoundError(text)
                         : absl::InvalidArgumentError(text);
}

absl::StatusOr<std::string> ReadAll(std::istream& in, const std::string& name) {
  constexpr size_t kPieceBytes = size_t{64} << 10;
  std::string content;
  std::string piece(kPieceBytes, '\0');
  errno = 0;
  while (in.read(piece.data(), kPieceBytes) || in.gcount() > 0) {
    content.append(piece, 0, static_cast<size_t>(in.gcount()));
    if (content.size() > kMaxBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": has more than 16 MiB"));
    }
  }
  // A directory can be opened, but not read.
  if (in.bad() || (content.empty() && errno != 0)) return Fail(name, errno);
  return content;
}

}  // namespace

absl::StatusOr<std::string> ReadInput(const std::string& path) {
  if (path == "-") return ReadAll(std::cin, "standard input");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(path, errno);
  return ReadAll(file, path);
}

}  // namespace tallyman::tally
