#include "stacks/output/line_splitter.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/strip.h"
#include "stacks/output/output_line.h"

namespace tallyman::stacks {
namespace {

bool IsContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

// Where to cut `text`, which is longer than a piece: neither inside a UTF-8
// character nor before the LF of CR LF.
size_t PieceSize(std::string_view text) {
  size_t size = kMaxOutputPieceBytes;
  // A character has at most three bytes after its first.
  while (size > kMaxOutputPieceBytes - 3 && IsContinuation(text[size])) --size;
  if (IsContinuation(text[size])) size = kMaxOutputPieceBytes;
  return text[size - 1] == '\r' ? size - 1 : size;
}

}  // namespace

void LineSplitter::Add(std::string_view bytes, Callback on_piece) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const bool has_end = end != std::string_view::npos;
    const std::string_view part = bytes.substr(0, end);
    bytes.remove_prefix(has_end ? end + 1 : bytes.size());
    if (has_end && pending_.empty()) {
      AddLine(part, true, on_piece);
      continue;
    }
    pending_.append(part);
    if (!has_end && pending_.size() <= kMaxOutputPieceBytes) continue;
    std::string line;
    line.swap(pending_);
    AddLine(line, has_end, on_piece);
  }
}

void LineSplitter::AddLine(std::string_view line, bool has_end,
                           Callback on_piece) {
  while (line.size() > kMaxOutputPieceBytes) {
    const size_t size = PieceSize(line);
    done_ += static_cast<int64_t>(size);
    on_piece({.text = line.substr(0, size), .is_partial = true, .end = done_});
    line.remove_prefix(size);
  }
  if (!has_end) {
    pending_ = line;
    return;
  }
  done_ += static_cast<int64_t>(line.size()) + 1;
  absl::ConsumeSuffix(&line, "\r");
  on_piece({.text = line, .is_partial = false, .end = done_});
}

void LineSplitter::Flush(Callback on_piece) {
  if (pending_.empty()) return;
  std::string line;
  line.swap(pending_);
  done_ += static_cast<int64_t>(line.size());
  on_piece({.text = line, .is_partial = true, .end = done_});
}

}  // namespace tallyman::stacks
