// Splits bytes that arrive in parts into lines.
//
//   LineSplitter splitter;
//   splitter.Add("one\ntw", on_line);  // one
//   splitter.Add("o\n", on_line);      // two

#ifndef TALLYMAN_STACKS_OUTPUT_LINE_SPLITTER_H_
#define TALLYMAN_STACKS_OUTPUT_LINE_SPLITTER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace tallyman::stacks {

// Not thread-safe.
class LineSplitter {
 public:
  struct Piece {
    std::string_view text;  // Without LF or CR LF; valid during the call.
    bool is_partial;        // The line goes on.
    int64_t end;  // How many bytes were added up to the end of the piece.
  };
  using Callback = absl::FunctionRef<void(const Piece&)>;

  // Calls back with each line that is complete, and with pieces of lines that
  // are longer than kMaxOutputPieceBytes, cut between two UTF-8 characters.
  void Add(std::string_view bytes, Callback on_piece);

  // Calls back with the beginning of a line that waits for its end, if any.
  void Flush(Callback on_piece);

  // How many bytes wait for the end of their line.
  size_t pending() const { return pending_.size(); }

 private:
  void AddLine(std::string_view line, bool has_end, Callback on_piece);

  std::string pending_;
  int64_t done_ = 0;  // Bytes in pieces.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_LINE_SPLITTER_H_
