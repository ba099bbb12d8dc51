// Reads the lines of one output file while it grows and is rotated.
//
//   absl::StatusOr<std::unique_ptr<OutputCursor>> cursor =
//       OutputCursor::Open(logs, key, OutputCursor::From::kEnd);
//   absl::StatusOr<bool> more = (*cursor)->Read(1 << 20, sink);

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_CURSOR_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_CURSOR_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/line_splitter.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"

namespace tallyman::stacks {

// Takes what a cursor reads.
class OutputSink {
 public:
  virtual ~OutputSink() = default;
  // `line.mark` has the place in the files only; `read_at` is not set.
  virtual void OnLine(const OutputLine& line) = 0;
  virtual void OnGap(const OutputGap& gap) = 0;
};

// Returns each line once: the file stays open, so that rotations and the
// removal of the stack lose nothing that was written before. Not thread-safe.
class OutputCursor {
 public:
  enum class From : uint8_t {
    kBeginning,  // Of the file that the program appends to.
    kEnd,        // After the last line that is complete.
  };

  // `logs` must outlive the cursor. NotFound if there is no file; otherwise
  // errors are those of OutputLogs.
  static absl::StatusOr<std::unique_ptr<OutputCursor>> Open(
      const OutputLogs& logs, InstanceKey key, From from);

  // Passes on the lines in the next `max_bytes` bytes; returns whether there
  // are more bytes. The beginning of a line without an end is kept.
  absl::StatusOr<bool> Read(int64_t max_bytes, OutputSink& sink);

  // Passes on the beginning of a line that has no end yet.
  void Flush(OutputSink& sink);

  // Where the next line begins that was not passed on.
  OutputPosition line_begin() const { return line_begin_; }

  // The place of line_begin() in the files.
  OutputMark mark() const;

  // Whether bytes wait for the end of their line.
  bool has_partial_line() const { return splitter_.pending() > 0; }

  // How many bytes the cursor has read.
  int64_t bytes_read() const { return bytes_read_; }

  // How often the cursor has found the file rotated.
  int64_t rotations() const { return rotations_; }

  // The position of a mark of this instance; nullopt if its generation is
  // unknown.
  std::optional<OutputPosition> Find(const OutputMark& mark) const;

  // Whether the cursor reads the file that `info` is about.
  bool IsFile(const struct stat& info) const;

 private:
  OutputCursor(const OutputLogs& logs, InstanceKey key, base::UniqueFd file)
      : logs_(logs), key_(std::move(key)), file_(std::move(file)) {}

  // Sets line_begin_.
  absl::Status SeekToLastLine();
  void Remember(const OutputPart& part);
  void PassOn(const LineSplitter::Piece& piece, OutputSink& sink);
  // Goes on at `position` after lines that are lost.
  void Skip(OutputPosition position, OutputGap::Reason reason,
            OutputSink& sink);

  const OutputLogs& logs_;
  const InstanceKey key_;
  const base::UniqueFd file_;
  LineSplitter splitter_;
  OutputPosition origin_ = 0;  // Of the first byte in `splitter_`.
  OutputPosition line_begin_ = 0;
  int64_t bytes_read_ = 0;
  int64_t rotations_ = 0;
  // The latest generations and where their files begin; the newest last. Never
  // empty.
  std::vector<std::pair<uint64_t, OutputPosition>> generations_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_CURSOR_H_
