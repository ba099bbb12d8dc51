#include "stacks/output/output_backlog.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/line_splitter.h"
#include "stacks/output/output_cursor.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_times.h"

namespace tallyman::stacks {
namespace {

// How many bytes are read at first for the last lines; then `max_bytes`.
constexpr int64_t kFirstWindow = 64 << 10;

// Takes the first byte from `bytes`, and the rest of the line that it ends or
// is part of, unless no other line follows.
void DropPartOfLine(std::string_view& bytes) {
  const size_t end = bytes.find('\n');
  bytes.remove_prefix(end == std::string_view::npos || end + 1 == bytes.size()
                          ? size_t{1}
                          : end + 1);
}

// The size of the last `lines` lines of `bytes`, or of all if there are fewer.
size_t SizeOfLastLines(std::string_view bytes, int64_t lines) {
  std::string_view rest = bytes;
  absl::ConsumeSuffix(&rest, "\n");
  for (; lines > 0; --lines) {
    const size_t end = rest.rfind('\n');
    if (end == std::string_view::npos) return bytes.size();
    rest = rest.substr(0, end);
    if (lines == 1) return bytes.size() - end - 1;
  }
  return 0;
}

}  // namespace

absl::Status ReadBacklog(const OutputLogs& logs, const InstanceKey& key,
                         const BacklogRange& range, OutputSink& sink) {
  if (range.begin ? *range.begin >= range.end : range.max_lines == 0) {
    return absl::OkStatus();
  }
  absl::StatusOr<base::UniqueFd> file = logs.OpenForRead(key);
  // Removed since.
  if (absl::IsNotFound(file.status())) return absl::OkStatus();
  if (!file.ok()) return file.status();

  OutputPart part;
  std::string_view bytes;
  const auto read = [&](int64_t window) -> absl::Status {
    OutputPosition from = range.end - window;
    if (range.begin) from = std::max(from, *range.begin);
    // With the byte before, to see whether a line begins there.
    const bool may_split = !range.begin || from > *range.begin;
    if (may_split) --from;
    absl::StatusOr<OutputPart> result =
        logs.Read(key, *file, from, range.end - from);
    if (!result.ok()) return result.status();
    part = *std::move(result);
    bytes = part.bytes;
    // What was written since belongs to the ring.
    bytes = bytes.substr(
        0, static_cast<size_t>(std::max<int64_t>(
               0, std::min<int64_t>(range.end - part.begin,
                                    static_cast<int64_t>(bytes.size())))));
    if (may_split && part.begin == from && !bytes.empty()) {
      DropPartOfLine(bytes);
    }
    return absl::OkStatus();
  };

  if (range.begin) {
    if (absl::Status status = read(range.max_bytes); !status.ok()) {
      return status;
    }
  } else {
    for (const int64_t window :
         {std::min(kFirstWindow, range.max_bytes), range.max_bytes}) {
      if (absl::Status status = read(window); !status.ok()) return status;
      const size_t size = SizeOfLastLines(bytes, range.max_lines);
      const bool enough = size < bytes.size() || part.begin == part.oldest;
      bytes.remove_prefix(bytes.size() - size);
      if (enough) break;
    }
  }
  const OutputPosition first = part.begin + (bytes.data() - part.bytes.data());
  if (range.begin && first > *range.begin) {
    sink.OnGap({.reason = OutputGap::Reason::kTooFar, .instance = key.number});
  }
  const absl::StatusOr<OutputTimes> times = logs.Times(key);
  LineSplitter splitter;
  const auto pass_on = [&](const LineSplitter::Piece& piece) {
    sink.OnLine({.instance = key.number,
                 .text = piece.text,
                 .is_partial = piece.is_partial,
                 .mark = {.instance = key.number,
                          .generation = part.generation,
                          .offset = first + piece.end - part.file_begin},
                 // A line is worth more than its time.
                 .read_at = times.ok() ? times->At(first + piece.end).seen
                                       : absl::InfinitePast()});
  };
  splitter.Add(bytes, pass_on);
  splitter.Flush(pass_on);
  return absl::OkStatus();
}

}  // namespace tallyman::stacks
