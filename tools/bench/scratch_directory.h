// A temporary directory.

#ifndef TALLYMAN_TOOLS_BENCH_SCRATCH_DIRECTORY_H_
#define TALLYMAN_TOOLS_BENCH_SCRATCH_DIRECTORY_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::bench {

// Only the user may enter it. The destructor removes it with its content.
// Movable; not thread-safe.
class ScratchDirectory {
 public:
  // Below `parent`; "": below $TMPDIR, or /tmp.
  static absl::StatusOr<ScratchDirectory> Make(const std::string& parent = "");

  ScratchDirectory(ScratchDirectory&& other) noexcept
      : path_(std::exchange(other.path_, {})) {}
  ScratchDirectory& operator=(ScratchDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~ScratchDirectory();

  // Canonical: absolute and without symbolic links.
  const std::string& path() const { return path_; }

  // Writes the file `name` in the directory.
  absl::Status Write(std::string_view name, std::string_view text) const;

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;  // "" once moved from.
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_SCRATCH_DIRECTORY_H_
