// A directory for as long as it is needed.

#ifndef TALLYMAN_TOOLS_BENCH_SCRATCH_DIRECTORY_H_
#define TALLYMAN_TOOLS_BENCH_SCRATCH_DIRECTORY_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::bench {

// Only the user may enter it. Removed with all that is in it by the destructor.
// Movable; not thread-safe.
class ScratchDirectory {
 public:
  // Where temporary files belong.
  static absl::StatusOr<ScratchDirectory> Make();

  ScratchDirectory(ScratchDirectory&& other) noexcept
      : path_(std::exchange(other.path_, {})) {}
  ScratchDirectory& operator=(ScratchDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~ScratchDirectory();

  const std::string& path() const { return path_; }

  // Writes the file `name` in it.
  absl::Status Write(std::string_view name, std::string_view text) const;

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;  // "" once moved from.
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_SCRATCH_DIRECTORY_H_
