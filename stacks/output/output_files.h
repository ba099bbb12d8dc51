// The two files with the output of an instance, read as one: the rotated file,
// then the file that the program appends to.

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_FILES_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_FILES_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::stacks {

// Opens for reading; an invalid descriptor if there is no such file.
absl::StatusOr<base::UniqueFd> OpenOutputFile(const std::string& path);

// The size of an open file; 0 if the descriptor is invalid. FailedPrecondition
// if it is no regular file. `path` is for messages.
absl::StatusOr<int64_t> SizeOfOutputFile(const base::UniqueFd& fd,
                                         const std::string& path);

// Up to `max_bytes` from `begin` on; fewer at the end of the file. `path` is
// for messages.
absl::StatusOr<std::string> ReadOutputFile(const base::UniqueFd& fd,
                                           const std::string& path,
                                           int64_t begin, int64_t max_bytes);

// The rotated file of the output file `path`.
struct RotatedOutput {
  int64_t size = 0;
  uint64_t generation = 0;  // OutputPart::generation.
};
RotatedOutput ExamineRotatedOutput(const std::string& path);

// Not thread-safe. The caller excludes that a rotation moves bytes between the
// files meanwhile. A file that does not exist is empty.
class OutputFiles {
 public:
  static absl::StatusOr<OutputFiles> Open(const std::string& path);

  int64_t size() const { return parts_[0].size + parts_[1].size; }

  // The bytes from `begin` to `end`; fewer if the program truncated its file.
  absl::StatusOr<std::string> Read(int64_t begin, int64_t end) const;

 private:
  struct Part {
    std::string path;
    base::UniqueFd fd;
    int64_t size = 0;
  };
  std::array<Part, 2> parts_;  // Older first.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_FILES_H_
