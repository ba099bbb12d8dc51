// The document of the page: which files it names, and what it must not have.

#ifndef TALLYMAN_SERVER_PAGE_BUILD_HTML_H_
#define TALLYMAN_SERVER_PAGE_BUILD_HTML_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/page/build/reference.h"

namespace tallyman::page {

// The values of `src` of all elements, and of `href` of `link`. InvalidArgument
// ("12: ...") for what the Content-Security-Policy of the page forbids (a
// script or style of its own, an attribute `style` or `on...`), and for markup
// that is not written plainly: values need quotation marks.
absl::StatusOr<std::vector<Reference>> FindHtmlReferences(
    std::string_view text);

// `text` without comments and indentation, and with a link before the end of
// its head for each of `modules`, so that a browser fetches all of them at once
// instead of one level of imports after the other. InvalidArgument if the
// document has no </head>, or a comment without an end.
absl::StatusOr<std::string> FinishHtml(std::string_view text,
                                       absl::Span<const std::string> modules);

}  // namespace tallyman::page

#endif  // TALLYMAN_SERVER_PAGE_BUILD_HTML_H_
