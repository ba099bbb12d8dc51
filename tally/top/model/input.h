// What a person does at the terminal.

#ifndef TALLYMAN_TALLY_TOP_MODEL_INPUT_H_
#define TALLYMAN_TALLY_TOP_MODEL_INPUT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace tallyman::tally {

enum class KeyCode : uint8_t {
  kText,     // `text` is one character in UTF-8.
  kControl,  // `text` is the letter in lower case: "c" of Ctrl-C.
  kEnter,
  kEscape,
  kTab,
  kBackspace,
  kDelete,
  kUp,
  kDown,
  kLeft,
  kRight,
  kPageUp,
  kPageDown,
  kHome,
  kEnd,
  kUnknown,  // A key that means nothing here.
};

struct Key {
  KeyCode code = KeyCode::kUnknown;
  std::string text = {};

  bool Is(std::string_view character) const {
    return code == KeyCode::kText && text == character;
  }
  bool IsControl(std::string_view letter) const {
    return code == KeyCode::kControl && text == letter;
  }
  friend bool operator==(const Key&, const Key&) = default;
};

struct Mouse {
  enum class Kind : uint8_t { kPress, kWheelUp, kWheelDown };
  Kind kind = Kind::kPress;
  int x = 0;  // Cells, from 0.
  int y = 0;

  friend bool operator==(const Mouse&, const Mouse&) = default;
};

// Text that was pasted, which is no keys.
struct Paste {
  std::string text;

  friend bool operator==(const Paste&, const Paste&) = default;
};

using Input = std::variant<Key, Mouse, Paste>;

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_INPUT_H_
