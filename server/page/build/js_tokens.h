// JavaScript as a list of tokens that together are the text: enough to find
// imports and to drop comments, without a parser.
//
//   absl::StatusOr<std::vector<JsToken>> tokens = ReadJsTokens(text);

#ifndef TALLYMAN_SERVER_PAGE_BUILD_JS_TOKENS_H_
#define TALLYMAN_SERVER_PAGE_BUILD_JS_TOKENS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::page {

enum class JsTokenKind : uint8_t {
  kWord,        // A name, a keyword or a number.
  kString,      // With its quotation marks.
  kTemplate,    // From ` or } to ${ or `, inclusive.
  kRegex,       // With its flags.
  kPunctuator,  // One character, or ++ or --.
  kComment,
  kSpace,    // No newline in it.
  kNewline,  // One.
};

struct JsToken {
  JsTokenKind kind;
  std::string_view text;  // Within the text that was read.
  int line;               // Of its first character, from 1.
};

// Reads a module. The texts of the tokens, joined, are `text`, which must
// outlive them.
//
// A slash begins a regular expression or divides; a parser would know which.
// Here it divides after an operand, and after a ")" that does not end the head
// of an `if`, `for`, `while` or `with`. After a "}" it is an error: parentheses
// help. Other errors: strings, templates, comments and brackets without an end,
// and names with escapes. InvalidArgument begins with the number of the line:
// "12: ...".
absl::StatusOr<std::vector<JsToken>> ReadJsTokens(std::string_view text);

// True for spaces, newlines and comments.
inline bool IsJsBlank(const JsToken& token) {
  return token.kind >= JsTokenKind::kComment;
}

// The index of the first token from `index` on that is not blank; the number of
// tokens if there is none.
size_t SkipJsBlanks(const std::vector<JsToken>& tokens, size_t index);

}  // namespace tallyman::page

#endif  // TALLYMAN_SERVER_PAGE_BUILD_JS_TOKENS_H_
