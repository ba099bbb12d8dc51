#include "api/openapi/html_text.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace tallyman::api {

std::string EscapeHtml(std::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"},
                                    {"<", "&lt;"},
                                    {">", "&gt;"},
                                    {"\"", "&quot;"},
                                    {"'", "&#39;"}});
}

std::string ProseToHtml(std::string_view text) {
  std::string html;
  while (true) {
    const size_t open = text.find('`');
    const size_t close = open == std::string_view::npos
                             ? std::string_view::npos
                             : text.find('`', open + 1);
    if (close == std::string_view::npos) {
      return absl::StrCat(html, EscapeHtml(text));
    }
    absl::StrAppend(&html, EscapeHtml(text.substr(0, open)), "<code>",
                    EscapeHtml(text.substr(open + 1, close - open - 1)),
                    "</code>");
    text.remove_prefix(close + 1);
  }
}

}  // namespace tallyman::api
