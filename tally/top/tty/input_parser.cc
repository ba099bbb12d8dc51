#include "tally/top/tty/input_parser.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/base/utf8.h"
#include "tally/top/model/input.h"

namespace tallyman::tally {
namespace {

constexpr char kEscape = '\x1b';
constexpr std::string_view kPasteEnd = "\x1b[201~";
// Longer sequences are no keys. Bounds what a terminal can make us keep.
constexpr size_t kMaxSequence = 64;
constexpr size_t kMaxPaste = 65'536;

KeyCode CodeOfLetter(char letter) {
  switch (letter) {
    case 'A':
      return KeyCode::kUp;
    case 'B':
      return KeyCode::kDown;
    case 'C':
      return KeyCode::kRight;
    case 'D':
      return KeyCode::kLeft;
    case 'H':
      return KeyCode::kHome;
    case 'F':
      return KeyCode::kEnd;
    case 'M':  // Of the keypad.
      return KeyCode::kEnter;
    default:
      return KeyCode::kUnknown;
  }
}

KeyCode CodeOfNumber(std::string_view number) {
  if (number == "1" || number == "7") return KeyCode::kHome;
  if (number == "3") return KeyCode::kDelete;
  if (number == "4" || number == "8") return KeyCode::kEnd;
  if (number == "5") return KeyCode::kPageUp;
  if (number == "6") return KeyCode::kPageDown;
  return KeyCode::kUnknown;
}

Key KeyOfByte(char byte) {
  switch (byte) {
    case '\r':
    case '\n':
      return {.code = KeyCode::kEnter};
    case '\t':
      return {.code = KeyCode::kTab};
    case '\b':
    case '\x7f':
      return {.code = KeyCode::kBackspace};
    case kEscape:
      return {.code = KeyCode::kEscape};
    default:
      break;
  }
  if (byte >= 1 && byte <= 26) {
    return {.code = KeyCode::kControl,
            .text = std::string(1, static_cast<char>('a' + byte - 1))};
  }
  return {};
}

}  // namespace

std::vector<Input> InputParser::Parse(std::string_view bytes) {
  pending_.append(bytes);
  std::vector<Input> inputs;
  while (!pending_.empty() && ParseOne(/*is_end=*/false, inputs)) {
  }
  return inputs;
}

std::vector<Input> InputParser::Flush() {
  std::vector<Input> inputs;
  while (is_pending() && ParseOne(/*is_end=*/true, inputs)) {
  }
  return inputs;
}

bool InputParser::ParseOne(bool is_end, std::vector<Input>& inputs) {
  if (is_pasting_) return ParsePaste(inputs);
  const char first = pending_.front();
  if (first == kEscape) return ParseSequence(is_end, inputs);
  const base::Utf8Character character = base::FirstCharacter(pending_);
  if (character.valid() && character.code >= 0x20 && character.code != 0x7f) {
    if (base::IsControl(character.code)) {
      inputs.emplace_back(Key{});
    } else {
      inputs.emplace_back(Key{.code = KeyCode::kText,
                              .text = pending_.substr(0, character.size)});
    }
  } else if (character.valid()) {
    inputs.emplace_back(KeyOfByte(first));
  } else if (!is_end && character.size == pending_.size() &&
             pending_.size() < 4 && static_cast<unsigned char>(first) >= 0xc2) {
    return false;  // The first bytes of a character.
  } else {
    inputs.emplace_back(Key{});
  }
  pending_.erase(0, character.size);
  return true;
}

bool InputParser::ParseSequence(bool is_end, std::vector<Input>& inputs) {
  const auto take = [&](size_t size, Key key) {
    pending_.erase(0, size);
    inputs.emplace_back(std::move(key));
    return true;
  };
  if (pending_.size() == 1) {
    return is_end && take(1, {.code = KeyCode::kEscape});
  }
  const char kind = pending_[1];
  if (kind == 'O') {
    if (pending_.size() == 2) {
      return is_end && take(1, {.code = KeyCode::kEscape});
    }
    return take(3, {.code = CodeOfLetter(pending_[2])});
  }
  // Alt and a key, or Esc and the next key in one read: the escape counts.
  if (kind != '[') return take(1, {.code = KeyCode::kEscape});

  // ECMA-48, section 5.4: parameters and intermediate bytes, then a final one.
  size_t end = 2;
  const size_t limit = std::min(pending_.size(), kMaxSequence);
  while (end < limit && pending_[end] >= 0x20 && pending_[end] <= 0x3f) ++end;
  if (end == pending_.size() && end < kMaxSequence) {
    // "Esc [" typed by hand.
    return is_end && take(end, {.code = KeyCode::kEscape});
  }
  if (end == kMaxSequence || pending_[end] < 0x40 || pending_[end] > 0x7e) {
    return take(end, {});
  }
  const char final = pending_[end];
  const std::string parameters = pending_.substr(2, end - 2);
  pending_.erase(0, end + 1);
  if (final == '~' && parameters == "200") {
    is_pasting_ = true;
    paste_.clear();
  } else if (absl::StartsWith(parameters, "<")) {
    ParseMouse(std::string_view(parameters).substr(1), final, inputs);
  } else if (final == '~') {
    // "5;2~" is a key with a modifier.
    const std::string_view number =
        std::string_view(parameters).substr(0, parameters.find(';'));
    inputs.emplace_back(Key{.code = CodeOfNumber(number)});
  } else if (final == 'Z') {
    inputs.emplace_back(Key{.code = KeyCode::kTab});
  } else {
    inputs.emplace_back(Key{.code = CodeOfLetter(final)});
  }
  return true;
}

// "BUTTON;COLUMN;LINE", both from 1; "M" is a press, "m" a release.
void InputParser::ParseMouse(std::string_view parameters, char final,
                             std::vector<Input>& inputs) {
  const std::vector<std::string_view> parts = absl::StrSplit(parameters, ';');
  int button = 0;
  int column = 0;
  int line = 0;
  if (final != 'M' || parts.size() != 3 ||
      !absl::SimpleAtoi(parts[0], &button) ||
      !absl::SimpleAtoi(parts[1], &column) ||
      !absl::SimpleAtoi(parts[2], &line)) {
    return;
  }
  constexpr int kModifiers = 4 | 8 | 16;
  Mouse mouse{.x = column - 1, .y = line - 1};
  switch (button & ~kModifiers) {
    case 0:
      mouse.kind = Mouse::Kind::kPress;
      break;
    case 64:
      mouse.kind = Mouse::Kind::kWheelUp;
      break;
    case 65:
      mouse.kind = Mouse::Kind::kWheelDown;
      break;
    default:
      return;
  }
  inputs.emplace_back(mouse);
}

bool InputParser::ParsePaste(std::vector<Input>& inputs) {
  const size_t end = pending_.find(kPasteEnd);
  if (end != std::string::npos) {
    paste_.append(pending_, 0, end);
    if (paste_.size() > kMaxPaste) paste_.resize(kMaxPaste);
    pending_.erase(0, end + kPasteEnd.size());
    is_pasting_ = false;
    inputs.emplace_back(Paste{.text = std::exchange(paste_, {})});
    return true;
  }
  // The end may have come in part.
  const size_t keep = kPasteEnd.size() - 1;
  if (pending_.size() > keep) {
    paste_.append(pending_, 0, pending_.size() - keep);
    pending_.erase(0, pending_.size() - keep);
  }
  if (paste_.size() > kMaxPaste) paste_.resize(kMaxPaste);
  return false;
}

}  // namespace tallyman::tally
