// The document of the page: which files it names, and what it must not have.

#ifndef TALLYMAN_SERVER_PAGE_BUILD_HTML_H_
#define TALLYMAN_SERVER_PAGE_BUILD_HTML_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/page/build/reference.h"

namespace tallyman::page {

enum class HtmlRole : uint8_t {
  kScript,
  kSheet,  // <link rel="stylesheet">
  kOther,  // An icon or a picture.
};

struct HtmlReference {
  Reference reference;
  HtmlRole role;
  // The whole tag of its element.
  size_t tag_begin;
  size_t tag_end;
};

// The values of `src` of all elements, and of `href` of `link`. InvalidArgument
// ("12: ...") for what the Content-Security-Policy of the page forbids (a
// script or style of its own, an attribute `style` or `on...`), for a script
// that is no module, and for markup that is not written plainly: values need
// quotation marks.
absl::StatusOr<std::vector<HtmlReference>> FindHtmlReferences(
    std::string_view text);

// `text` without comments, indentation and empty lines. InvalidArgument for a
// comment without an end.
absl::StatusOr<std::string> MinifyHtml(std::string_view text);

}  // namespace tallyman::page

#endif  // TALLYMAN_SERVER_PAGE_BUILD_HTML_H_
