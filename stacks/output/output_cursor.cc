#include "stacks/output/output_cursor.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/line_splitter.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"

namespace tallyman::stacks {
namespace {

constexpr size_t kMaxGenerations = 64;

}  // namespace

absl::StatusOr<std::unique_ptr<OutputCursor>> OutputCursor::Open(
    const OutputLogs& logs, InstanceKey key, From from) {
  absl::StatusOr<base::UniqueFd> file = logs.OpenForRead(key);
  if (!file.ok()) return file.status();
  auto cursor = absl::WrapUnique(
      new OutputCursor(logs, std::move(key), *std::move(file)));
  absl::StatusOr<OutputPart> part = logs.Read(
      cursor->key_, cursor->file_, std::numeric_limits<int64_t>::max(), 0);
  if (!part.ok()) return part.status();
  cursor->Remember(*part);
  cursor->line_begin_ = part->file_begin;
  if (from == From::kEnd) {
    if (absl::Status sought = cursor->SeekToLastLine(); !sought.ok()) {
      return sought;
    }
  }
  cursor->origin_ = cursor->line_begin_;
  return cursor;
}

absl::Status OutputCursor::SeekToLastLine() {
  absl::StatusOr<OutputPart> part =
      logs_.Read(key_, file_, std::numeric_limits<int64_t>::max(), 0);
  if (!part.ok()) return part.status();
  const OutputPosition end = part->end;
  const auto window = static_cast<int64_t>(kMaxOutputPieceBytes);
  part = logs_.Read(key_, file_, end - window, window);
  if (!part.ok()) return part.status();
  const size_t last = part->bytes.rfind('\n');
  line_begin_ = part->begin;
  // A longer line without an end: its last bytes are passed on.
  if (last != std::string::npos) line_begin_ += static_cast<int64_t>(last) + 1;
  return absl::OkStatus();
}

void OutputCursor::Remember(const OutputPart& part) {
  if (!generations_.empty() &&
      generations_.back() == std::pair(part.generation, part.file_begin)) {
    return;
  }
  if (!generations_.empty()) ++rotations_;
  if (generations_.size() == kMaxGenerations) {
    generations_.erase(generations_.begin());
  }
  generations_.emplace_back(part.generation, part.file_begin);
}

std::optional<OutputPosition> OutputCursor::Find(const OutputMark& mark) const {
  const auto found = std::find_if(
      generations_.rbegin(), generations_.rend(),
      [&](const auto& entry) { return entry.first == mark.generation; });
  // Clients send marks: an offset may be any number.
  constexpr int64_t kMaxOffset = int64_t{1} << 60;
  if (found == generations_.rend() || mark.offset > kMaxOffset ||
      mark.offset < -kMaxOffset) {
    return std::nullopt;
  }
  return found->second + mark.offset;
}

bool OutputCursor::IsFile(const struct stat& info) const {
  struct stat mine;
  return fstat(file_.get(), &mine) == 0 && mine.st_dev == info.st_dev &&
         mine.st_ino == info.st_ino;
}

OutputMark OutputCursor::mark() const {
  const auto& [generation, file_begin] = generations_.back();
  return {.instance = key_.number,
          .generation = generation,
          .offset = line_begin_ - file_begin};
}

void OutputCursor::PassOn(const LineSplitter::Piece& piece, OutputSink& sink) {
  line_begin_ = origin_ + piece.end;
  sink.OnLine({.instance = key_.number,
               .text = piece.text,
               .is_partial = piece.is_partial,
               .mark = mark()});
}

void OutputCursor::Flush(OutputSink& sink) {
  splitter_.Flush(
      [&](const LineSplitter::Piece& piece) { PassOn(piece, sink); });
}

void OutputCursor::Skip(OutputPosition position, OutputGap::Reason reason,
                        OutputSink& sink) {
  Flush(sink);
  sink.OnGap({.reason = reason, .instance = key_.number});
  splitter_ = LineSplitter();
  origin_ = position;
  line_begin_ = position;
}

absl::StatusOr<bool> OutputCursor::Read(int64_t max_bytes, OutputSink& sink) {
  const auto pending = static_cast<int64_t>(splitter_.pending());
  const OutputPosition next = line_begin_ + pending;
  absl::StatusOr<OutputPart> part = logs_.Read(key_, file_, next, max_bytes);
  if (!part.ok()) return part.status();
  Remember(*part);
  if (part->end < next) {
    Skip(part->file_begin, OutputGap::Reason::kTruncated, sink);
    return part->end > part->file_begin;
  }
  if (part->begin > next) Skip(part->begin, OutputGap::Reason::kRotated, sink);
  bytes_read_ += static_cast<int64_t>(part->bytes.size());
  splitter_.Add(part->bytes,
                [&](const LineSplitter::Piece& piece) { PassOn(piece, sink); });
  return part->begin + static_cast<int64_t>(part->bytes.size()) < part->end;
}

}  // namespace tallyman::stacks
