#include "stacks/output/output_search.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/line_splitter.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_times.h"

namespace tallyman::stacks {
namespace {

constexpr int64_t kReadBytes = 256 << 10;

// A position before all bytes, from which one can subtract.
constexpr OutputPosition kBeginning =
    std::numeric_limits<OutputPosition>::min() / 2;

// Collects the lines of a search.
class Collector {
 public:
  Collector(const OutputSearch& search, OutputTimes times, int64_t instance)
      : search_(search), times_(std::move(times)), instance_(instance) {}

  // `begin` is the position of the first byte after a gap.
  void Restart(OutputPosition begin) {
    splitter_ = LineSplitter();
    origin_ = begin;
  }

  void Add(std::string_view bytes, const OutputPart& part) {
    splitter_.Add(
        bytes, [&](const LineSplitter::Piece& piece) { OnPiece(piece, part); });
  }
  void Flush(const OutputPart& part) {
    splitter_.Flush(
        [&](const LineSplitter::Piece& piece) { OnPiece(piece, part); });
  }

  FoundOutput Take() { return std::move(found_); }

 private:
  void OnPiece(const LineSplitter::Piece& piece, const OutputPart& part) {
    const OutputPosition end = origin_ + piece.end;
    const OutputTime time = times_.At(end);
    if (!time.MayBeIn(search_.since, search_.until)) return;
    if (search_.matches && !search_.matches(piece.text)) return;
    found_.lines.push_back({.text = std::string(piece.text),
                            .is_partial = piece.is_partial,
                            .time = time,
                            .mark = {.instance = instance_,
                                     .generation = part.generation,
                                     .offset = end - part.file_begin}});
    bytes_ += Size(found_.lines.back());
    while (static_cast<int64_t>(found_.lines.size()) > search_.max_lines ||
           (bytes_ > search_.max_bytes && found_.lines.size() > 1)) {
      bytes_ -= Size(found_.lines.front());
      found_.lines.pop_front();
      found_.has_older = true;
    }
  }

  static int64_t Size(const FoundLine& line) {
    return static_cast<int64_t>(sizeof(line) + line.text.size());
  }

  const OutputSearch& search_;
  const OutputTimes times_;
  const int64_t instance_;
  LineSplitter splitter_;
  OutputPosition origin_ = 0;  // Of the first byte in `splitter_`.
  int64_t bytes_ = 0;          // Of found_.
  FoundOutput found_;
};

}  // namespace

absl::StatusOr<FoundOutput> SearchOutput(const OutputLogs& logs,
                                         const InstanceKey& key,
                                         const OutputSearch& search) {
  const absl::StatusOr<base::UniqueFd> file = logs.OpenForRead(key);
  if (absl::IsNotFound(file.status())) return FoundOutput();
  if (!file.ok()) return file.status();
  absl::StatusOr<OutputTimes> times = logs.Times(key);
  if (!times.ok()) return times.status();

  OutputPosition next = kBeginning;
  if (const int64_t before = times->EndBefore(search.since);
      before > kBeginning) {
    // The line that goes on after the mark begins before it.
    next = before - static_cast<int64_t>(kMaxOutputPieceBytes) - 1;
  }
  bool begins_with_line = next == kBeginning;
  Collector collector(search, *std::move(times), key.number);
  OutputPosition end = search.end.value_or(0);
  bool is_first = true;
  while (true) {
    absl::StatusOr<OutputPart> part = logs.Read(key, *file, next, kReadBytes);
    if (!part.ok()) return part.status();
    // What is written during the search does not prolong it.
    if (is_first && !search.end) end = part->end;
    std::string_view bytes = part->bytes;
    bytes = bytes.substr(
        0, static_cast<size_t>(std::clamp<int64_t>(
               end - part->begin, 0, static_cast<int64_t>(bytes.size()))));
    if (is_first || part->begin > next) {
      if (!is_first) collector.Flush(*part);
      begins_with_line = is_first && begins_with_line;
      if (part->begin == part->oldest) begins_with_line = true;
      OutputPosition begin = part->begin;
      if (!begins_with_line) {
        const size_t line_end = bytes.find('\n');
        const size_t skipped =
            line_end == std::string_view::npos ? 0 : line_end + 1;
        bytes.remove_prefix(skipped);
        begin += static_cast<int64_t>(skipped);
      }
      collector.Restart(begin);
      is_first = false;
    }
    collector.Add(bytes, *part);
    next = part->begin + static_cast<int64_t>(part->bytes.size());
    if (part->bytes.empty() || next >= end) {
      collector.Flush(*part);
      return collector.Take();
    }
  }
}

}  // namespace tallyman::stacks
