// Keys, mouse and pasted text from the bytes of a terminal: those of xterm
// (ctlseqs: "PC-Style Function Keys", "Mouse Tracking" in SGR form, "Bracketed
// Paste Mode"), which tmux, screen and the consoles of Linux send, too.
//
//   InputParser parser;
//   for (const Input& input : parser.Parse(bytes)) ...
//   if (parser.is_pending()) ...  // After kEscapeWait: parser.Flush().

#ifndef TALLYMAN_TALLY_TOP_TTY_INPUT_PARSER_H_
#define TALLYMAN_TALLY_TOP_TTY_INPUT_PARSER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tally/top/model/input.h"

namespace tallyman::tally {

// Not thread-safe.
class InputParser {
 public:
  // The rest of a sequence comes within this time, also over a slow line; an
  // escape character alone is the key Esc.
  static constexpr absl::Duration kEscapeWait = absl::Milliseconds(50);

  std::vector<Input> Parse(std::string_view bytes);

  // An escape character, a part of a sequence or of a character waits for more
  // bytes. A paste waits for its end, however long that takes.
  bool is_pending() const { return !pending_.empty() && !is_pasting_; }
  // Takes the bytes that wait as they are.
  std::vector<Input> Flush();

 private:
  // Reads one input from the start of `pending_` into `inputs`. False if more
  // bytes are needed.
  bool ParseOne(bool is_end, std::vector<Input>& inputs);
  bool ParseSequence(bool is_end, std::vector<Input>& inputs);
  bool ParsePaste(std::vector<Input>& inputs);
  void ParseMouse(std::string_view parameters, char final,
                  std::vector<Input>& inputs);

  std::string pending_;
  std::string paste_;
  bool is_pasting_ = false;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_TTY_INPUT_PARSER_H_
