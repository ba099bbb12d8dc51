// Text as HTML.

#ifndef TALLYMAN_API_OPENAPI_HTML_TEXT_H_
#define TALLYMAN_API_OPENAPI_HTML_TEXT_H_

#include <string>
#include <string_view>

namespace tallyman::api {

// `text` with the characters escaped that mean something in HTML, also within
// attributes in quotation marks.
std::string EscapeHtml(std::string_view text);

// The same, with parts between backticks as <code>. A backtick without another
// one after it stands for itself.
std::string ProseToHtml(std::string_view text);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OPENAPI_HTML_TEXT_H_
