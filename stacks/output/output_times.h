// When bytes of output were written, as far as the server has seen it: marks
// that are kept in a small file beside the output.
//
//   OutputTimes times = ...;  // OutputLogs::Times()
//   const OutputTime time = times.At(position);

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_TIMES_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_TIMES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::stacks {

// Something was written after `after` and not after `seen`.
struct OutputTime {
  absl::Time after = absl::InfinitePast();  // InfinitePast if it is unknown.
  // When the server saw it or, if it has not looked since, when the file was
  // last changed.
  absl::Time seen = absl::InfiniteFuture();

  // False only if it was certainly written outside of the closed range.
  bool MayBeIn(absl::Time since, absl::Time until) const {
    return seen >= since && after <= until;
  }
};

// The bytes after the mark before, up to `end`, were written at `time`.
struct OutputTimeMark {
  int64_t end = 0;
  OutputTime time;
};

// The times of the output of an instance.
class OutputTimes {
 public:
  OutputTimes() = default;
  // `modified` is the time of the last change of the file. The ends of `marks`
  // ascend.
  OutputTimes(std::vector<OutputTimeMark> marks, absl::Time modified);

  // Of the byte before `end`.
  OutputTime At(int64_t end) const;

  // The end of the last mark that was seen before `since`, and before which
  // there is none that was seen later; the lowest int64_t if there is none.
  int64_t EndBefore(absl::Time since) const;

 private:
  std::vector<OutputTimeMark> marks_;
  OutputTime rest_;  // Of the bytes after the last mark.
};

// The file with the marks of an output file. Their ends are offsets in the
// output file since its last rotation, `generation` (OutputPart); negative ends
// are in the rotated file. Marks of another generation count as none: their
// places are unknown. The file has at most kMaxTimeMarks marks: above it, marks
// that are close in time are joined, the older half of them first.
//
// The caller excludes other changes of the file. Times are kept in
// microseconds. Errors are those of the file system and name the file.
inline constexpr size_t kMaxTimeMarks = 32768;

// Where the marks of the output file `path` are.
std::string OutputTimesPath(const std::string& path);

// Empty if there is no file.
absl::StatusOr<std::vector<OutputTimeMark>> LoadTimeMarks(
    const std::string& path, uint64_t generation);

// Appends a mark at `size`, the size of the output file, which nothing was
// appended to after `seen`. The bytes since the last mark were written after
// `after` and after the last mark was seen. Does nothing if there are no such
// bytes. If the file has become smaller, it was truncated.
absl::Status AppendTimeMark(const std::string& path, uint64_t generation,
                            int64_t size, const OutputTime& time);

// A rotation has taken `bytes` from the front of the output file to the rotated
// file, and the generation has become `to`.
absl::Status MoveTimeMarks(const std::string& path, uint64_t from, uint64_t to,
                           int64_t bytes);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_TIMES_H_
