// The lines that followers of output get, and how they are rendered.

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_LINE_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_LINE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace tallyman::stacks {

// A longer line is sent in pieces of about this size.
inline constexpr size_t kMaxOutputPieceBytes = size_t{64} << 10;

// A place between two lines of a stream, at which a follower can go on later
// (OutputHub::Request::resume). It has two parts. The place in the ring is
// exact for all instances of the process, and is forgotten with the ring. The
// place in the files is exact for one instance, and lasts as long as the bytes,
// also after the server has started anew.
struct OutputMark {
  // The place in the ring: after the event with this number. 0 for none.
  uint64_t ring = 0;  // Identifies the ring; random.
  int64_t sequence = 0;

  // The place in the files: so many bytes after the first byte that the file
  // had after the rotation `generation` (OutputPart). Negative in .log.1. None
  // if `instance` is 0.
  int64_t instance = 0;
  uint64_t generation = 0;
  int64_t offset = 0;

  bool operator==(const OutputMark&) const = default;
};

// A line of output, or a piece of one. The views are valid during a call.
struct OutputLine {
  int64_t instance = 0;
  // Without its end (LF or CR LF); otherwise as written: any bytes.
  std::string_view text;
  // The line did not end yet: the next event of the instance continues it.
  bool is_partial = false;
  OutputMark mark;  // After this line.
  // When the server saw the line; of lines that were there when the follower
  // came, OutputTime::seen; InfinitePast if it is unknown.
  absl::Time read_at = absl::InfinitePast();
};

// A place in a stream where lines may be missing.
struct OutputGap {
  enum class Reason : uint8_t {
    kSlow,       // The follower reads slower than the programs write.
    kRotated,    // The bytes were rotated away before the server read them.
    kTruncated,  // The program truncated its file.
    kUnknown,    // The follower asked to resume at a place that is unknown.
    kTooFar,     // ... or to begin, at a place that is too far behind.
  };
  Reason reason = Reason::kSlow;
  int64_t instance = 0;  // 0: any.
  int64_t lines = -1;    // So many lines are missing; -1: unknown.
};

// Renders a stream as bytes. All followers of a process share the bytes of a
// line, so they do not depend on the follower. Immutable and thread-safe.
class OutputRenderer {
 public:
  virtual ~OutputRenderer() = default;

  // Each appends to `out`.
  virtual void Line(const OutputLine& line, std::string& out) const = 0;
  virtual void Gap(const OutputGap& gap, std::string& out) const = 0;
  // The follower has everything up to here.
  virtual void Mark(const OutputMark& mark, std::string& out) const = 0;
  virtual void KeepAlive(std::string& out) const = 0;
  // The stack or process was removed.
  virtual void End(std::string& out) const = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_LINE_H_
